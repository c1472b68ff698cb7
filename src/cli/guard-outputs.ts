import { BellwetherError } from '../errors.ts'
import { reportError } from './output.ts'

const FULL = new Set(['ENOSPC', 'EDQUOT', 'EFBIG'])

/**
 * Keeps a command from ending in the middle because nobody reads what it says. A reader that has seen enough (`| head -1`) is no
 * fault: the command goes on to its end, quietly, with its own exit status. Results that could not be written for another reason
 * make the exit status 2. Logs and progress that cannot be written are let go.
 */
export function guardOutputs(json: boolean): void {
  let failed = false
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE' || failed) return
    failed = true
    const full = FULL.has(error.code ?? '')
    reportError(
      new BellwetherError(
        full ? 'DISK_FULL' : 'STORAGE_FAILED',
        `The results cannot be written to standard output (${error.code ?? 'error'}).`,
        { hint: 'Send them to a place that takes them; what the command did is done.', cause: error },
      ),
      json,
    )
  })
  process.stderr.on('error', () => {})
  process.on('exit', () => {
    if (failed) process.exitCode = 2
  })
}
