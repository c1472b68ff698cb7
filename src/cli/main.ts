import { type Command, CommanderError } from 'commander'
import { BellwetherError } from '../errors.ts'
import { logEvent, writeCommandLog } from './command-log.ts'
import { guardOutputs } from './guard-outputs.ts'
import { reportError } from './output.ts'
import { createProgram } from './program.ts'
import { usageError, withCommandHint } from './usage-error.ts'

/**
 * Runs one command. Results go to standard output, logs and progress to standard error. `EXIT_STATUSES` says what the
 * exit status means.
 */
const json = process.argv.includes('--json')
guardOutputs(json)
const program = createProgram()
const started = performance.now()
let command: string | null = null
let code: string | null = null
program.hook('preAction', (_, action) => {
  command = nameOf(action)
})
process.on('uncaughtExceptionMonitor', (error) => {
  logEvent('cli', 'error', { command, error: error.name }, 'an error that nobody caught ends the command')
  writeCommandLog()
})
try {
  await program.parseAsync()
} catch (error) {
  // Help and version end with 0; a command that only groups others has printed its help.
  if (error instanceof CommanderError && error.exitCode === 0) process.exitCode = 0
  else if (error instanceof CommanderError && error.code === 'commander.help' && !json) process.exitCode = 2
  else {
    const told =
      error instanceof CommanderError
        ? usageError(error, program, process.argv.slice(2))
        : withCommandHint(error, command)
    process.exitCode = reportError(told, json)
    code = told instanceof BellwetherError ? told.code : 'INTERNAL'
  }
}
if (command !== null) {
  const facts = {
    command,
    status: Number(process.exitCode ?? 0),
    milliseconds: Math.round(performance.now() - started),
  }
  if (code === null) logEvent('cli', 'info', facts, 'command ended')
  else logEvent('cli', 'error', { ...facts, code }, 'command failed')
  writeCommandLog()
}

/** `models promote`, without its arguments. */
function nameOf(action: Command): string {
  const names: string[] = []
  for (let at: Command | null = action; at?.parent; at = at.parent) names.unshift(at.name())
  return names.join(' ')
}
