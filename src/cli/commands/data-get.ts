import { existsSync, statSync } from 'node:fs'
import { mkdtemp, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { getFiles, listFiles } from '../../data/versions/get-files.ts'
import { writeTableFile } from '../../data/versions/get-table.ts'
import { BellwetherError } from '../../errors.ts'
import type { Home } from '../../store/open-home.ts'
import { type DatasetVersion, requireRows } from '../../track/dataset-store.ts'
import { text, withHome } from '../context.ts'
import { extentText } from '../data-text.ts'
import { printJson, printLine } from '../output.ts'

/** Writes a version out: a table as a file, files as a folder, a single file as that file. */
export async function action(options: Record<string, unknown>, [id]: string[]): Promise<number> {
  const out = path.resolve(text(options, 'out') ?? '.')
  return withHome(options, async (home) => {
    const dataset = await home.datasets.dataset(id!)
    requireRows(dataset)
    const written = dataset.files ? await getTree(home, dataset, out) : await getTable(home, dataset, out)
    if (options['json'])
      printJson({
        id: dataset.id,
        out: written,
        rows: dataset.nRows,
        ...(dataset.files ? { files: dataset.files } : {}),
      })
    else printLine(`${written}  ${extentText(dataset)}  ${dataset.id}`)
    return 0
  })
}

async function getTable(home: Home, dataset: DatasetVersion, out: string): Promise<string> {
  const file = isFolder(out) ? path.join(out, `${dataset.name}.parquet`) : out
  await home.blobs.withFile(dataset.blob, (parquet) => writeTableFile(parquet, file))
  return file
}

async function getTree(home: Home, dataset: DatasetVersion, out: string): Promise<string> {
  const [only] = dataset.files?.nFiles === 1 ? await listFiles(dataset.blob, home.blobs) : []
  if (!only || only.path.includes('/')) {
    await getFiles(dataset.blob, out, home)
    return out
  }
  const file = isFolder(out) ? path.join(out, only.path) : out
  if (existsSync(file)) throw new BellwetherError('TARGET_EXISTS', `${file} is there already.`)
  const scratch = await mkdtemp(path.join(path.dirname(file), '.bellwether-'))
  try {
    await getFiles(dataset.blob, scratch, home)
    await rename(path.join(scratch, only.path), file)
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
  return file
}

function isFolder(place: string): boolean {
  return statSync(place, { throwIfNoEntry: false })?.isDirectory() === true
}
