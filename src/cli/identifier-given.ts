import { normalIdentifier } from '../data/identifier-of-person.ts'
import { BellwetherError } from '../errors.ts'
import { text } from './context.ts'

const MAX_CHARACTERS = 1000

/**
 * A person's identifier: `--id`, or, so that it stands in no list of processes and no history of a shell, the first line of standard input with `--id -`.
 * @throws USAGE
 */
export async function identifierGiven(options: Record<string, unknown>): Promise<string> {
  const given = text(options, 'id')
  if (given !== '-') return checked(given)
  let typed = ''
  process.stdin.setEncoding('utf8')
  for await (const part of process.stdin) {
    typed += part as string
    if (typed.includes('\n') || typed.length > MAX_CHARACTERS) break
  }
  return checked(typed.split(/\r?\n/, 1)[0])
}

function checked(identifier: string | undefined): string {
  if (identifier === undefined || normalIdentifier(identifier) === '' || identifier.length > MAX_CHARACTERS)
    throw new BellwetherError(
      'USAGE',
      `--id takes a person's value of the project's id column, or - to read it from standard input.`,
    )
  return identifier
}
