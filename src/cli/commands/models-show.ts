import { parseReference, withHome } from '../context.ts'
import { figure, formatTable, printJson, printLine, time } from '../output.ts'

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
      const metrics = Object.keys(versions[0]?.metrics ?? {}).slice(0, 4)
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
    printLine(
      `${found.model}/${found.version}  ${found.estimator}  ${found.aliases.join(', ')}  ${time(found.createdTime)} UTC`,
    )
    printLine(`run ${found.runId}  dataset ${found.datasetId}`)
    printLine(
      formatTable(
        ['metric', 'value'],
        Object.entries(found.metrics).map(([key, value]) => [key, figure(value)]),
        ['left', 'right'],
      ),
    )
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
