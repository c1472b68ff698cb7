import { constants, existsSync, statSync } from 'node:fs'
import { copyFile } from 'node:fs/promises'
import path from 'node:path'
import { DataOptions } from '../../data/data-options.ts'
import { type LoadedDataset, loadDataset } from '../../data/load-dataset.ts'
import { isTableName } from '../../data/read-table.ts'
import type { NamedFile } from '../../data/versions/add-files.ts'
import { isDvcPointer } from '../../data/versions/dvc/is-dvc-pointer.ts'
import { BellwetherError } from '../../errors.ts'
import { keepDataset } from '../../pipeline/keep-dataset.ts'
import { keepFiles, nameOfPaths, sourceOfPaths } from '../../pipeline/keep-files.ts'
import { PROJECT_FILE } from '../../pipeline/load-project.ts'
import { loadProjectData } from '../../pipeline/load-project-data.ts'
import { parseHomePlace } from '../../store/home-place.ts'
import { type Home, openHome } from '../../store/open-home.ts'
import { homeFolder, interruptSignal, openProject, text } from '../context.ts'
import { dataFile } from '../data-file.ts'
import { bytesText, extentText, FILE_INDEX_FOLDER } from '../data-text.ts'
import { personKeys } from '../open-prediction-log.ts'
import { note, noteLabelled, printJson, printLine } from '../output.ts'

/**
 * Keeps a project's table, a table file, or any files and folders as a dataset version. One path that is a project (a folder with a project file, a
 * YAML file, a name) is its table; one file whose name says that it is a table is that table; everything else is kept byte for byte.
 */
export async function action(options: Record<string, unknown>, paths: string[]): Promise<number> {
  const [first = ''] = paths
  const given = text(options, 'data')
  if (given !== undefined && paths.length > 1)
    throw new BellwetherError('USAGE', '--data goes with one project; files and folders are named without it.')
  if (given !== undefined || (paths.length === 1 && !options['asFiles'] && isProject(first)))
    return addProject(first, options)
  if (paths.length === 1 && !options['asFiles'] && isTableName(first) && isFile(first)) return addTable(first, options)
  if (paths.length === 1 && isDvcPointer(first)) return addDvc(first, options)
  return addPaths(paths, options)
}

/** What a pointer of DVC names: a table file as a table, everything else byte for byte. */
async function addDvc(pointer: string, options: Record<string, unknown>): Promise<number> {
  const [{ resolveDvc }, { withTemporaryFolder }, { dvcFiles }] = await Promise.all([
    import('../../data/versions/dvc/resolve-dvc.ts'),
    import('../../data/duckdb.ts'),
    import('../../data/versions/dvc/dvc-files.ts'),
  ])
  return withTemporaryFolder(async (scratch) => {
    const contents = await resolveDvc(path.resolve(pointer), { scratch, remote: text(options, 'remote') })
    const [first] = contents
    if (contents.length === 1 && first && !first.output.isFolder && !options['asFiles'] && isTableName(first.name)) {
      const file = path.join(scratch, first.name)
      await copyFile(first.files[0]!.file, file, constants.COPYFILE_FICLONE)
      return addTable(file, options, path.basename(pointer))
    }
    const name = text(options, 'name') ?? (contents.length === 1 ? first!.name : 'dvc')
    return inHome(homeFolder(options), (home, signal) =>
      addTo(home, dvcFiles(contents), { name, source: path.basename(pointer), signal }, options),
    )
  })
}

function isFile(place: string): boolean {
  return statSync(place, { throwIfNoEntry: false })?.isFile() === true
}

function isProject(reference: string): boolean {
  if (/\.ya?ml$/i.test(reference)) return true
  if (!existsSync(reference)) return /^[\w.-]+$/.test(reference)
  return existsSync(path.join(reference, PROJECT_FILE))
}

async function addProject(reference: string, options: Record<string, unknown>): Promise<number> {
  const project = await openProject(reference, options)
  const dataset = await loadProjectData(project.options, dataFile(options, project))
  return keepTable(dataset, project.options, project.folder, options)
}

async function addTable(file: string, options: Record<string, unknown>, source?: string): Promise<number> {
  const name = text(options, 'name') ?? nameOfPaths([file.replace(/\.[^.]+(\.gz)?$/i, '')])
  const dataset = await loadDataset({ file: path.resolve(file), options: DataOptions.parse({}) })
  return keepTable(source === undefined ? dataset : { ...dataset, source }, { name }, null, options)
}

async function keepTable(
  dataset: LoadedDataset,
  kept: Parameters<typeof keepDataset>[0]['options'],
  projectFolder: string | null,
  options: Record<string, unknown>,
): Promise<number> {
  const home = await openHome(homeFolder(options, projectFolder ?? undefined), { create: true })
  try {
    await keepDataset(
      { dataset, options: kept, project: { folder: projectFolder ?? process.cwd() } },
      { ...home, personKeys: personKeys(home.folder), clock: Date.now },
    )
  } finally {
    await home.close()
  }
  for (const warning of dataset.warnings) noteLabelled('warning', warning)
  const { id, nRows, nRejected, warnings } = dataset
  if (options['json']) printJson({ id, name: kept.name, rows: nRows, rejected: nRejected, warnings })
  else printLine(`${id}  ${nRows} rows, ${nRejected} rejected`)
  return 0
}

async function addPaths(paths: readonly string[], options: Record<string, unknown>): Promise<number> {
  const place = homeFolder(options)
  const { folder } = parseHomePlace(place)
  for (const each of paths) {
    const inside = path.relative(path.resolve(each), path.resolve(folder))
    if (inside === '' || !(inside.startsWith('..') || path.isAbsolute(inside)))
      throw new BellwetherError('USAGE', `${each} holds the home ${folder}: name what is beside it, or another --home.`)
  }
  const name = text(options, 'name') ?? nameOfPaths(paths)
  return inHome(place, (home, signal) => addTo(home, paths, { name, source: sourceOfPaths(paths), signal }, options))
}

async function inHome(place: string, use: (home: Home, signal: AbortSignal) => Promise<number>): Promise<number> {
  const home = await openHome(place, { create: true })
  const { signal, release } = interruptSignal('the next attempt finds what is kept already')
  try {
    return await use(home, signal)
  } finally {
    release()
    await home.close()
  }
}

async function addTo(
  home: Home,
  paths: readonly string[] | readonly NamedFile[],
  { name, source, signal }: { readonly name: string; readonly source: string; readonly signal: AbortSignal },
  options: Record<string, unknown>,
): Promise<number> {
  const started = Date.now()
  const added = await keepFiles(
    paths,
    { name, source, signal },
    { ...home, clock: Date.now, indexFolder: path.join(home.folder, FILE_INDEX_FOLDER) },
  )
  const { id, nFiles, sizeBytes, nRead, newBytes } = added
  if (options['json']) printJson({ id, name, files: nFiles, sizeBytes, filesRead: nRead, newBytes })
  else {
    printLine(`${id}  ${extentText({ nRows: 0, files: { nFiles, sizeBytes } })}`)
    const seconds = ((Date.now() - started) / 1000).toFixed(1)
    note(`${nRead} of them read, ${bytesText(newBytes)} new; ${seconds} s`)
  }
  return 0
}
