import { withHome } from '../context.ts'
import { formatTable } from '../format-table.ts'
import { note, printJson, printLine } from '../output.ts'

const MANY = 6

export async function action(options: Record<string, unknown>, [id]: string[]): Promise<number> {
  return withHome(options, async (home) => {
    const dataset = await home.datasets.dataset(id!)
    if (options['rejects']) {
      if (dataset.rejectsBlob === null) note(`no row of ${dataset.id.slice(0, 19)} was rejected`)
      else process.stdout.write(await home.blobs.get(dataset.rejectsBlob))
      return 0
    }
    if (options['json']) {
      printJson(dataset)
      return 0
    }
    printLine(`${dataset.id}  ${dataset.nRows} rows, ${dataset.nRejected} rejected, from ${dataset.source}`)
    printLine(
      formatTable(
        ['column', 'kind', 'missing', 'distinct', 'seen'],
        dataset.schema.columns.map(({ name, kind, observed }) => [
          name,
          kind,
          observed.missing,
          observed.distinct,
          kind === 'category'
            ? observed.categories.slice(0, MANY).join(', ') + (observed.categories.length > MANY ? ', …' : '')
            : observed.min === null
              ? ''
              : kind === 'date'
                ? `${new Date(observed.min).toISOString().slice(0, 10)} – ${new Date(observed.max!).toISOString().slice(0, 10)}`
                : `${observed.min} – ${observed.max}`,
        ]),
        ['left', 'left', 'right', 'right'],
      ),
    )
    return 0
  })
}
