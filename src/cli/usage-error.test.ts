import { CommanderError } from 'commander'
import { expect, test } from 'vitest'
import { BellwetherError } from '../errors.ts'
import { createProgram } from './program.ts'
import { usageError, withCommandHint } from './usage-error.ts'

/** What a person is told who calls the program so. */
async function told(...args: string[]) {
  const program = createProgram()
  try {
    await program.parseAsync(args, { from: 'user' })
  } catch (error) {
    if (error instanceof CommanderError) return usageError(error, program, args).toDocument()
    throw error
  }
  throw new Error('nothing was wrong')
}

test('a misspelt command is told with the one that was probably meant', async () => {
  expect(await told('rnu', '.')).toMatchObject({
    error: 'USAGE',
    message: "Unknown command 'rnu' (Did you mean run?)",
    hint: 'See `bellwether --help`.',
  })
})

test('the hint names the help of the command that was meant', async () => {
  expect(await told('models', 'promote', '--aliass', 'x')).toMatchObject({
    hint: 'See `bellwether models promote --help`.',
  })
  expect(await told('run')).toMatchObject({
    message: "Missing required argument 'project'.",
    hint: 'See `bellwether run --help`.',
  })
})

test('a fault that a command finds by itself names that command’s help, unless the fault has a hint of its own', () => {
  const plain = new BellwetherError('USAGE', 'Name at least two runs to compare.')
  expect(withCommandHint(plain, 'runs compare')).toMatchObject({
    message: 'Name at least two runs to compare.',
    hint: 'See `bellwether runs compare --help`.',
  })
  const hinted = new BellwetherError('USAGE', 'Say one.', { hint: 'Say --a or --b.' })
  expect(withCommandHint(hinted, 'runs compare')).toBe(hinted)
  const other = new BellwetherError('RUN_NOT_FOUND', 'There is none.')
  expect(withCommandHint(other, 'runs compare')).toBe(other)
})
