import { CommanderError } from 'commander'
import { BellwetherError } from '../errors.ts'
import { guardOutputs } from './guard-outputs.ts'
import { reportError } from './output.ts'
import { createProgram } from './program.ts'

/**
 * Runs one command. Results go to standard output, logs and progress to standard error. `EXIT_STATUSES` says what the
 * exit status means.
 */
const json = process.argv.includes('--json')
guardOutputs(json)
try {
  await createProgram({ quiet: json }).parseAsync()
} catch (error) {
  if (error instanceof CommanderError) {
    // Commander has printed its message, unless there is to be JSON; help and version end with 0.
    process.exitCode = error.exitCode === 0 ? 0 : 2
    if (process.exitCode === 2 && json) {
      reportError(new BellwetherError('USAGE', error.message.replace(/^error: /, '')), true)
    }
  } else {
    process.exitCode = reportError(error, json)
  }
}
