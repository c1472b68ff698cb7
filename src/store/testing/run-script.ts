import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** An ordinary user, for tests that run as root: root may read and write everything. */
const NOBODY = 65_534

export interface ScriptResult {
  readonly exitCode: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

/**
 * Starts one of the scripts beside this file in a process of its own.
 * @param options.asOrdinaryUser The script gives up being root, if it is, once its code is loaded (a checkout may be root's alone): see `becomeOrdinaryUser`.
 * @param options.environment Further variables.
 * @param options.before Shell code of the test itself, such as a limit.
 */
export function startScript(
  script: string,
  args: readonly string[],
  options: { asOrdinaryUser?: boolean; before?: string; environment?: Readonly<Record<string, string>> } = {},
): ChildProcessWithoutNullStreams {
  const file = fileURLToPath(new URL(script, import.meta.url))
  const env = {
    PATH: process.env.PATH,
    HOME: process.env.HOME,
    ...options.environment,
    [ORDINARY_USER]: options.asOrdinaryUser ? '1' : undefined,
  }
  if (options.before === undefined) return spawn(process.execPath, [file, ...args], { env })
  return spawn('/bin/sh', ['-c', `${options.before}; exec "$@"`, 'sh', process.execPath, file, ...args], { env })
}

const ORDINARY_USER = 'BELLWETHER_TEST_ORDINARY_USER'

/** Called by a script: root may read and write everything, so a test about permissions needs another user. */
export function becomeOrdinaryUser(): void {
  if (!process.env[ORDINARY_USER] || process.getuid?.() !== 0) return
  process.setgroups?.([NOBODY])
  process.setgid?.(NOBODY)
  process.setuid?.(NOBODY)
}

export function finished(child: ChildProcessWithoutNullStreams): Promise<ScriptResult> {
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  child.stdin.end()
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (exitCode, signal) => resolve({ exitCode, signal, stdout, stderr }))
  })
}
