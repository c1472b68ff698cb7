import { spawn } from 'node:child_process'
import os from 'node:os'
import { fileURLToPath } from 'node:url'
import { BellwetherError, ERRORS, type ErrorCode } from '../errors.ts'
import { isDatabaseUrl, parseHomePlace } from '../store/home-place.ts'
import { DATABASE_URL_VARIABLE } from './context.ts'

const BIN = fileURLToPath(new URL('../../bin/bellwether.js', import.meta.url))

/**
 * A command of this program in a process of its own, behind what else this machine does, so that a server goes on answering.
 * @param place Where the home is; a database's password goes over the environment, which no list of processes shows.
 * @param options.input Standard input, for what should be in no list of processes.
 * @returns the document of `--json`
 * @throws INVALID_INPUT for an argument with NUL; what the command says; INTERNAL where it ends without a word
 */
export async function runInChild<Document>(
  place: string,
  args: readonly string[],
  { input, signal }: { readonly input?: string; readonly signal?: AbortSignal } = {},
): Promise<Document> {
  const { folder } = parseHomePlace(place)
  if (args.some((arg) => arg.includes('\0')))
    throw new BellwetherError('INVALID_INPUT', 'A text holds the character NUL, which no name or id has.')
  const child = spawn(process.execPath, [BIN, ...args, '--home', folder, '--json'], {
    env: isDatabaseUrl(place) ? { ...process.env, [DATABASE_URL_VARIABLE]: place } : process.env,
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  const stop = () => child.kill('SIGTERM')
  signal?.addEventListener('abort', stop, { once: true })
  try {
    if (child.pid !== undefined) os.setPriority(child.pid, os.constants.priority.PRIORITY_BELOW_NORMAL)
  } catch {
    // Then it is as pressing as anything else.
  }
  // It may end before it has read all.
  child.stdin.on('error', () => {})
  child.stdin.end(input ?? '')
  let output = ''
  let log = ''
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    output += part
  })
  // Its last line is the error, where there is one.
  child.stderr.setEncoding('utf8').on('data', (part: string) => {
    log = `${log}${part}`.slice(-100_000)
  })
  try {
    const status = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject)
      child.once('close', resolve)
    })
    // 1: a check said no, which the document tells.
    if (status === 0 || status === 1) return JSON.parse(output) as Document
    throw errorOf(log)
  } finally {
    signal?.removeEventListener('abort', stop)
  }
}

function errorOf(log: string): BellwetherError {
  try {
    const { error, message, hint, details } = JSON.parse(log.trim().split('\n').at(-1) ?? '')
    if (Object.hasOwn(ERRORS, error)) return new BellwetherError(error as ErrorCode, message, { hint, details })
  } catch {
    // Said below.
  }
  return new BellwetherError('INTERNAL', 'The process that did the work ended without a word.')
}
