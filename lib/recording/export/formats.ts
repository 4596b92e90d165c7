// What recordings can be converted to. Apart from the conversions, so that naming them loads none.

export const EXPORT_FORMATS = ['parquet', 'csv', 'ndjson'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];
