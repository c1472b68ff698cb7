import { createRequire } from 'node:module'

/** Version of this program, from its package.json, wherever this module was built to. */
export const VERSION: string = (createRequire(import.meta.url)('bellwether/package.json') as { version: string })
  .version
