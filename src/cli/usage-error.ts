import type { Command, CommanderError } from 'commander'
import { BellwetherError } from '../errors.ts'

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
