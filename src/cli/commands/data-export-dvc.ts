import path from 'node:path'
import { withTemporaryFolder } from '../../data/duckdb.ts'
import { exportDvc } from '../../data/versions/dvc/export-dvc.ts'
import { getFiles, listFiles } from '../../data/versions/get-files.ts'
import { writeTableFile } from '../../data/versions/get-table.ts'
import { requireRows } from '../../track/dataset-store.ts'
import { text, withHome } from '../context.ts'
import { bytesText } from '../data-text.ts'
import { printJson, printLine } from '../output.ts'

/** Puts a version into a remote of DVC, and writes the pointer for it. */
export async function action(options: Record<string, unknown>, [id]: string[]): Promise<number> {
  const out = path.resolve(text(options, 'out')!)
  const remote = text(options, 'remote')!
  const version = text(options, 'dvcVersion') === '2' ? 2 : 3
  return withHome(options, async (home) => {
    const dataset = await home.datasets.dataset(id!)
    requireRows(dataset)
    const exported = await withTemporaryFolder(async (scratch) => {
      const place = path.join(scratch, path.basename(out))
      if (!dataset.files) {
        await home.blobs.withFile(dataset.blob, (parquet) => writeTableFile(parquet, place))
        return exportDvc({ place, isFolder: false }, { out, remote, version, scratch })
      }
      const [only] = dataset.files.nFiles === 1 ? await listFiles(dataset.blob, home.blobs) : []
      await getFiles(dataset.blob, place, home)
      if (only && !only.path.includes('/'))
        return exportDvc({ place: path.join(place, only.path), isFolder: false }, { out, remote, version, scratch })
      return exportDvc({ place, isFolder: true }, { out, remote, version, scratch })
    })
    if (options['json']) printJson({ id: dataset.id, ...exported })
    else
      printLine(`${exported.pointer}  md5 ${exported.md5}, ${exported.nFiles} files, ${bytesText(exported.sizeBytes)}`)
    return 0
  })
}
