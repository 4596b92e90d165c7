// Generated from lib/catalog by `npm run generate`; do not edit.

/** Of names and reads: the addon has the same, or is stale. */
export const CATALOG_HASH = 'c8a4ac455753581e';
