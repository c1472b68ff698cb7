import { listFiles } from '../../data/versions/get-files.ts'
import { withHome } from '../context.ts'
import { bytesText, extentText, shortNumber } from '../data-text.ts'
import { formatTable } from '../format-table.ts'
import { note, printJson, printLine } from '../output.ts'

const MANY = 6
const MANY_FILES = 20

export async function action(options: Record<string, unknown>, [id]: string[]): Promise<number> {
  return withHome(options, async (home) => {
    const dataset = await home.datasets.dataset(id!)
    if (options['rejects']) {
      if (dataset.rejectsBlob === null) note(`no row of ${dataset.id.slice(0, 19)} was rejected`)
      else process.stdout.write(await home.blobs.get(dataset.rejectsBlob))
      return 0
    }
    if (dataset.files) {
      const files = await listFiles(dataset.blob, home.blobs)
      if (options['json']) {
        printJson({ ...dataset, list: files.map(({ path, sizeBytes, sha256 }) => ({ path, sizeBytes, sha256 })) })
        return 0
      }
      printLine(`${dataset.id}  ${extentText(dataset)}, from ${dataset.source}`)
      const shown = options['files'] ? files : files.slice(0, MANY_FILES)
      printLine(
        formatTable(
          ['file', 'size', 'sha256'],
          shown.map(({ path, sizeBytes, sha256 }) => [path, bytesText(sizeBytes), sha256.slice(0, 12)]),
          ['left', 'right'],
        ),
      )
      if (shown.length < files.length) note(`… and ${files.length - shown.length} more; --files lists them all`)
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
                : `${shortNumber(observed.min)} – ${shortNumber(observed.max!)}`,
        ]),
        ['left', 'left', 'right', 'right'],
      ),
    )
    return 0
  })
}
