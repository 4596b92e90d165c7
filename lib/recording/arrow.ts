// apache-arrow's reader, loaded when first used: its single-file build loads in 17 ms where the usual entry
// takes 75 ms and 50 MiB. Its classes must not be mixed with those of the usual entry.
import type * as Arrow from 'apache-arrow';

export type { RecordBatch } from 'apache-arrow';

let loaded: Pick<typeof Arrow, 'RecordBatchReader'> | undefined;

export function arrow(): Pick<typeof Arrow, 'RecordBatchReader'> {
  loaded ??= require('apache-arrow/Arrow.es2015.min') as Pick<typeof Arrow, 'RecordBatchReader'>;
  return loaded;
}
