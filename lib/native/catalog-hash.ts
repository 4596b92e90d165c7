// Generated from lib/catalog by `npm run generate`; do not edit.

/** Of names and reads: the addon has the same, or is stale. */
export const CATALOG_HASH = '710c3b5f00857499';
