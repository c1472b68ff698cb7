import { globSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { BellwetherError } from '../errors.ts'
import type { TrustedKeys } from '../packaging/sign-manifest.ts'
import type { Project } from '../pipeline/load-project.ts'
import { isDatabaseUrl, parseHomePlace, withFolder } from '../store/home-place.ts'
import type { Home } from '../store/open-home.ts'
import { logInto } from './command-log.ts'

/** The examples that come with the program. */
export const EXAMPLES = fileURLToPath(new URL('../../examples', import.meta.url))

const HOME_NAME = '.bellwether'

/** Names a PostgreSQL database that holds the tables of the home; the folder keeps the blobs. In the environment no other user reads the password. */
export const DATABASE_URL_VARIABLE = 'BELLWETHER_DATABASE_URL'

/**
 * Where the state is, as `openHome` takes it: a folder, or the address of a PostgreSQL database with a folder for its blobs.
 * `--home`, or `.bellwether/` beside the project file, or in this folder. An example of an installed package keeps its state
 * in this folder too: an installation may be read-only, and the next one replaces it.
 */
export function homeFolder(
  options: Record<string, unknown>,
  projectFolder?: string,
  examples: string = EXAMPLES,
): string {
  const installed = examples.split(path.sep).includes('node_modules') && projectFolder?.startsWith(examples + path.sep)
  const own = path.join((!installed && projectFolder) || '.', HOME_NAME)
  const given = text(options, 'home')
  if (given && isDatabaseUrl(given)) return withFolder(given, own)
  const folder = path.resolve(given ?? own)
  const databaseUrl = process.env[DATABASE_URL_VARIABLE]
  return databaseUrl ? withFolder(databaseUrl, folder) : folder
}

export async function openProject(reference: string, options: Record<string, unknown>): Promise<Project> {
  const home = text(options, 'home')
  // Loaded where there is a project: what reads it knows all estimators, which would cost `serve` half of its start.
  const { findProjectFile, loadProject } = await import('../pipeline/load-project.ts')
  return loadProject(await findProjectFile(reference, home ? [EXAMPLES, parseHomePlace(home).folder] : [EXAMPLES]))
}

/** Opens a home that must be there already, unless `--create-home` is given. @throws HOME_NOT_FOUND naming one nearby, and as `openHome` */
export async function openExistingHome(options: Record<string, unknown>): Promise<Home> {
  const { openHome } = await import('../store/open-home.ts')
  try {
    const home = await openHome(homeFolder(options), {
      create: options['createHome'] === true,
      ...(await trustedKeysGiven(options)),
    })
    logInto(home.folder)
    return home
  } catch (error) {
    const [nearby] = text(options, 'home') ? [] : homesBelow('.')
    if (!nearby || !(error instanceof BellwetherError) || error.code !== 'HOME_NOT_FOUND') throw error
    throw new BellwetherError(error.code, error.message, {
      hint: `State lives beside the project file: add \`--home ${nearby}\`.`,
      cause: error,
    })
  }
}

/** `--trusted-keys`, which comes before the environment. @throws SIGNING_KEY_INVALID */
export async function trustedKeysGiven(options: Record<string, unknown>): Promise<{ trustedKeys?: TrustedKeys }> {
  const given = text(options, 'trustedKeys')
  if (!given) return {}
  const { parseTrustedKeys } = await import('../packaging/sign-manifest.ts')
  return { trustedKeys: await parseTrustedKeys(given) }
}

/** Homes of projects one or two folders below, as paths from there. */
export function homesBelow(folder: string): string[] {
  const patterns = ['*', '*/*'].map((below) => `${below}/${HOME_NAME}/bellwether.db`)
  const found = globSync(patterns, { cwd: folder, exclude: (name) => path.basename(name) === 'node_modules' })
  return found.map((file) => path.dirname(file)).sort()
}

/** Opens a home that must be there already, hands it over, and closes it whatever happens. */
export async function withHome<T>(options: Record<string, unknown>, use: (home: Home) => Promise<T>): Promise<T> {
  const home = await openExistingHome(options)
  try {
    return await use(home)
  } finally {
    await home.close()
  }
}

export function text(options: Record<string, unknown>, name: string): string | undefined {
  const value = options[name]
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** A whole number within bounds. @throws USAGE */
export function wholeNumber(
  options: Record<string, unknown>,
  name: string,
  low: number,
  high: number,
): number | undefined {
  const value = text(options, name)
  if (value === undefined) return undefined
  const number = /^\d+$/.test(value) ? Number(value) : Number.NaN
  if (!Number.isInteger(number) || number < low || number > high) {
    throw new BellwetherError('USAGE', `${flagOf(name)} takes a whole number from ${low} to ${high}; got "${value}".`)
  }
  return number
}

/** A number of seconds above 0. @throws USAGE */
export function seconds(options: Record<string, unknown>, name: string): number | undefined {
  const value = text(options, name)
  if (value === undefined) return undefined
  const number = /^\d+(?:\.\d+)?$/.test(value) ? Number(value) : Number.NaN
  if (!(number > 0 && number <= 31_536_000))
    throw new BellwetherError('USAGE', `${flagOf(name)} takes a number of seconds above 0; got "${value}".`)
  return number
}

/** One of some words. @throws USAGE */
export function oneOf<T extends string>(
  options: Record<string, unknown>,
  name: string,
  known: readonly T[],
): T | undefined {
  const value = text(options, name)
  if (value === undefined) return undefined
  const found = known.find((word) => word === value)
  if (!found) throw new BellwetherError('USAGE', `${flagOf(name)} takes ${known.join(', ')}; got "${value}".`)
  return found
}

/** `timeBudget` is `--time-budget` on the command line. */
function flagOf(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
}

/**
 * Why an alias is moved, for the ledger. Who is in a hurry may leave it out, and the ledger says that: a rollback at night
 * must not fail for want of words.
 * @throws USAGE where it is given and empty
 */
export function reasonGiven(options: Record<string, unknown>): string {
  if (options['reason'] === undefined) return 'no reason given'
  const reason = text(options, 'reason')?.trim()
  if (!reason) throw new BellwetherError('USAGE', '--reason takes a few words that say why; the ledger keeps them.')
  return reason
}

export interface VersionReference {
  readonly model: string
  readonly version?: number
  readonly alias?: string
}

/** `name`, `name@alias` or `name/version`. @throws USAGE */
export function parseReference(reference: string): VersionReference {
  const match = /^([^@/]+)(?:@([^@/]+)|\/(\d{1,9}))?$/.exec(reference)
  if (!match) throw new BellwetherError('USAGE', `"${reference}" is no model: write name, name@alias or name/version.`)
  return {
    model: match[1]!,
    ...(match[2] ? { alias: match[2] } : {}),
    ...(match[3] ? { version: Number(match[3]) } : {}),
  }
}

/** Who acts, for the ledger: the user of this shell. */
export function actor(): string {
  try {
    return `cli:${os.userInfo().username}`
  } catch {
    return `cli:${process.getuid?.() ?? 'unknown'}` // a user without a name, as containers run
  }
}

/** An AbortSignal that Ctrl-C and SIGTERM fire; a second Ctrl-C ends at once. */
export function interruptSignal(kept = 'finished trials are kept'): { signal: AbortSignal; release(): void } {
  const controller = new AbortController()
  const stop = () => {
    if (controller.signal.aborted) process.exit(130)
    controller.abort() // first: whoever draws on the terminal ends its line
    process.stderr.write(`\nstopping; ${kept} (again to end at once)\n`)
  }
  process.on('SIGINT', stop)
  process.on('SIGTERM', stop)
  return {
    signal: controller.signal,
    release() {
      process.off('SIGINT', stop)
      process.off('SIGTERM', stop)
    },
  }
}
