import type { Command, CommanderError } from 'commander'
import { BellwetherError, ERRORS } from '../errors.ts'

/** What commander found wrong, as an error of ours whose hint names the help of the command that was meant. */
export function usageError(error: CommanderError, program: Command, args: readonly string[]): BellwetherError {
  let command = program
  const names = [program.name()]
  for (const arg of args) {
    const next = command.commands.find((each) => each.name() === arg)
    if (!next) break
    command = next
    names.push(arg)
  }
  const found =
    error.code === 'commander.help'
      ? `name a command: ${command.commands.map((each) => each.name()).join(', ')}`
      : error.message.replace(/^error: /, '').replaceAll('\n', ' ')
  const message = found.charAt(0).toUpperCase() + found.slice(1)
  return new BellwetherError('USAGE', /[.?!)]$/.test(message) ? message : `${message}.`, {
    hint: `See \`${names.join(' ')} --help\`.`,
  })
}

/** A fault of usage that a command found by itself, with a hint that names that command's help and not the program's. */
export function withCommandHint(error: unknown, command: string | null): unknown {
  if (!(error instanceof BellwetherError) || error.code !== 'USAGE' || command === null) return error
  if (error.hint !== ERRORS.USAGE.hint) return error
  return new BellwetherError('USAGE', error.message, {
    details: error.details,
    hint: `See \`bellwether ${command} --help\`.`,
    cause: error,
  })
}
