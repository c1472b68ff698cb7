import type { Command } from 'commander'
import { createProgram, EXIT_STATUSES } from '../../src/cli/program.ts'
import { code, markdownTable, pageHead } from './markdown.ts'

const WIDTH = 100

/** `docs/command-line.md`: the help of every command, as `--help` prints it. */
export function commandLinePage(): string {
  return [
    pageHead('The command line', 'src/cli/program.ts'),
    'In a checkout after `npm ci`: `npx bellwether …`. Results go to standard output, logs and progress to standard error; with `--json` standard output holds',
    'one JSON document and nothing else, and an error is one JSON document on standard error ([errors.md](errors.md)).\n',
    markdownTable(
      ['exit status', 'meaning'],
      [...EXIT_STATUSES].map(([status, meaning]) => [String(status), meaning]),
    ),
    '',
    ...leaves(createProgram(), []).map(
      ({ name, command }) => `## ${code(name)}\n\n\`\`\`text\n${help(command)}\n\`\`\`\n`,
    ),
  ].join('\n')
}

/** The commands that do something, depth first. */
function leaves(command: Command, parents: readonly string[]): { name: string; command: Command }[] {
  const names = [...parents, command.name()]
  if (command.commands.length === 0) return [{ name: names.join(' '), command }]
  return command.commands.flatMap((each) => leaves(each, names))
}

/** The same whatever terminal, and whatever width, it is made on. */
function help(command: Command): string {
  return command
    .configureOutput({ getOutHelpWidth: () => WIDTH, getOutHasColors: () => false })
    .helpInformation()
    .trimEnd()
}
