import { CommanderError } from 'commander'
import { guardOutputs } from './guard-outputs.ts'
import { reportError } from './output.ts'
import { createProgram } from './program.ts'
import { usageError } from './usage-error.ts'

/**
 * Runs one command. Results go to standard output, logs and progress to standard error. `EXIT_STATUSES` says what the
 * exit status means.
 */
const json = process.argv.includes('--json')
guardOutputs(json)
const program = createProgram()
try {
  await program.parseAsync()
} catch (error) {
  // Help and version end with 0; a command that only groups others has printed its help.
  if (error instanceof CommanderError && error.exitCode === 0) process.exitCode = 0
  else if (error instanceof CommanderError && error.code === 'commander.help' && !json) process.exitCode = 2
  else {
    const told = error instanceof CommanderError ? usageError(error, program, process.argv.slice(2)) : error
    process.exitCode = reportError(told, json)
  }
}
