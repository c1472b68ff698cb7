import { BellwetherError } from '../../errors.ts'
import { environmentEntry } from '../../security/environment-keys.ts'
import type { KeyStore } from '../../security/key-store.ts'
import { createKey, describeScope, KeyOptions } from '../../security/manage-keys.ts'
import { actor, text, wholeNumber, withHome } from '../context.ts'
import { note, printJson, printLine } from '../output.ts'

/** Prints the key alone on standard output, so that it can go straight to where it is kept; what is said of it goes to standard error. */
export async function action(options: Record<string, unknown>, [name]: string[]): Promise<number> {
  const parsed = KeyOptions.safeParse({
    name,
    role: text(options, 'role'),
    models: text(options, 'models')?.split(',') ?? null,
    expiresInDays: wholeNumber(options, 'expires', 1, 3650) ?? null,
    ratePerMinute: wholeNumber(options, 'rate', 1, 1_000_000) ?? null,
    probabilities:
      options['probabilities'] === 'withheld' ? 'withheld' : (wholeNumber(options, 'probabilities', 0, 15) ?? null),
    sensitive: options['sensitive'] === true,
  })
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    throw new BellwetherError(
      'USAGE',
      `${issue?.path[0] === 'name' ? 'NAME' : `--${issue?.path.join('.')}`}: ${issue?.message}.`,
    )
  }
  const change = { actor: actor(), now: Date.now() }
  if (options['environment']) {
    const { key, stored } = await createKey(NOWHERE, parsed.data, change)
    const entry = environmentEntry(stored)
    if (options['json']) printJson({ key, environment: entry })
    else {
      printLine(key)
      note(`shown once and kept nowhere; the server takes it with\nBELLWETHER_API_KEYS='${entry}'`)
    }
    return 0
  }
  return withHome(options, async (home) => {
    const { key, stored } = await createKey(home.keys, parsed.data, change)
    const { hash: _, ...shown } = stored
    if (options['json']) printJson({ key, ...shown })
    else {
      printLine(key)
      note(`key ${stored.id}: ${describeScope(stored)}\nshown once: only its hash is kept`)
    }
    return 0
  })
}

/** For a key of the environment, which no store keeps. */
const NOWHERE: KeyStore = {
  create: async () => {},
  keys: async () => [],
  revoke: async () => {},
  rotate: async () => {},
  touch: async () => {},
  revision: async () => 0,
}
