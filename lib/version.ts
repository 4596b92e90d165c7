// The version of this package, from its package.json.

/** Such as `0.1.0`. */
export const VERSION: string = (require('../package.json') as { version: string }).version;
