import { parseReference, withHome } from '../context.ts'
import { formatTable } from '../format-table.ts'
import { headlineMetrics } from '../headline-metrics.ts'
import { figure, printJson, printLine, time } from '../output.ts'

export async function action(options: Record<string, unknown>, [reference]: string[]): Promise<number> {
  return withHome(options, async (home) => {
    const { model, version, alias } = parseReference(reference!)
    if (version === undefined && alias === undefined) {
      const registered = await home.models.model(model)
      const versions = await home.models.versions(model)
      if (options['json']) {
        printJson({ ...registered, versions })
        return 0
      }
      const metrics = headlineMetrics(versions.flatMap((each) => Object.keys(each.metrics)))
      printLine(
        formatTable(
          ['version', 'aliases', 'estimator', 'run', 'created (UTC)', ...metrics],
          versions.map((v) => [
            v.version,
            v.aliases.join(', '),
            v.estimator,
            v.runId.slice(0, 8),
            time(v.createdTime),
            ...metrics.map((name) => figure(v.metrics[name])),
          ]),
          ['right', 'left', 'left', 'left', 'left', ...metrics.map(() => 'right' as const)],
          { droppable: [3, 4, ...metrics.map((_, index) => 4 + metrics.length - index)] },
        ),
      )
      return 0
    }
    const found =
      alias === undefined ? await home.models.version(model, version!) : await home.models.byAlias(model, alias)
    if (options['json']) {
      printJson(found)
      return 0
    }
    const aliases = found.aliases.length > 0 ? ` (${found.aliases.join(', ')})` : ''
    printLine(`${found.model}/${found.version}${aliases}  ${found.estimator}, ${time(found.createdTime)} UTC`)
    printLine(`run ${found.runId}`)
    printLine(`dataset ${found.datasetId}`)
    printLine()
    printLine(
      formatTable(
        ['metric', 'value'],
        Object.entries(found.metrics).map(([key, value]) => [key, figure(value)]),
        ['left', 'right'],
      ),
    )
    printLine()
    printLine(
      formatTable(
        ['file', 'bytes', 'hash'],
        found.files.map(({ path, sizeBytes, hash }) => [path, sizeBytes, hash]),
        ['left', 'right', 'left'],
      ),
    )
    return 0
  })
}
