import { withHome } from '../context.ts'
import { formatTable } from '../format-table.ts'
import { printJson, printLine, time } from '../output.ts'

export async function action(options: Record<string, unknown>): Promise<number> {
  return withHome(options, async (home) => {
    const models = await home.models.models()
    if (options['json']) {
      printJson({ models })
      return 0
    }
    printLine(
      formatTable(
        ['model', 'latest version', 'aliases', 'since (UTC)'],
        models.map((model) => [
          model.name,
          model.latestVersion,
          Object.entries(model.aliases)
            .map(([alias, version]) => `${alias} → ${version}`)
            .join(', '),
          time(model.createdTime),
        ]),
        ['left', 'right'],
      ),
    )
    return 0
  })
}
