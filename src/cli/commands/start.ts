import { existsSync } from 'node:fs'
import path from 'node:path'
import { isLocalFile, publicSource, resolveSource } from '../../data/table-source.ts'
import { BellwetherError } from '../../errors.ts'
import type { Project } from '../../pipeline/load-project.ts'
import type { RunRequest } from '../../pipeline/prepare-run.ts'
import { isDatabaseUrl, shownUrl } from '../../store/home-place.ts'
import { type Home, openHome } from '../../store/open-home.ts'
import type { ModelVersion } from '../../track/model-registry.ts'
import { homeFolder, interruptSignal, openProject, text, wholeNumber } from '../context.ts'
import { dataFile } from '../data-file.ts'
import type { ExecuteOptions } from '../execute.ts'
import { fingerprint, INPUTS_TAG } from '../fingerprint.ts'
import { note, noteLabelled } from '../output.ts'
import { serveHome } from '../serve-home.ts'

/** Trains unless a finished run on the same file, options and program version is in the home; then serves. */
export async function action(options: Record<string, unknown>, [reference]: string[]): Promise<number> {
  const threads = wholeNumber(options, 'threads', 1, 256)
  const project = await projectFor(options, reference)
  const file = dataFile(options, project)
  // A table without a project has no folder of its own: state lives here, not among somebody's data.
  const folder = homeFolder(options, text(options, 'target') ? undefined : project.folder)
  const inputs = await fingerprint(file, project.options)
  const trained = await modelTrainedOn(folder, project, inputs)
  if (trained !== null) {
    const { version, champion, notes } = trained
    note(`model     ${project.options.name} version ${version} was trained on this very data already`)
    if (notes !== null) noteLabelled('note', notes)
    if (champion !== version) {
      note(
        `          but the champion, which answers, is ${champion === null ? 'none' : `version ${champion}`}; ` +
          `bellwether models promote ${project.options.name}/${version} --home ${isDatabaseUrl(folder) ? shownUrl(folder) : path.relative('.', folder) || '.'} makes it this one`,
      )
    }
  } else {
    const { assertBindable } = await import('../../server/bind-port.ts')
    const port = wholeNumber(options, 'port', 0, 65_535) ?? 8000
    await assertBindable(text(options, 'host') ?? '127.0.0.1', port, options['auth'] !== false)
    note(
      `project   ${project.options.name}, ${typeof file === 'string' && isLocalFile(file) ? shownPath(file) : publicSource(file)}`,
    )
    const { signal, release } = interruptSignal()
    try {
      await train({ project, file, signal }, { home: folder, signal, tags: { [INPUTS_TAG]: inputs }, threads }).catch(
        (error: unknown) => {
          throw reference === undefined && text(options, 'data') && !text(options, 'target') ? withTarget(error) : error
        },
      )
    } finally {
      release()
    }
  }
  return serveHome(await openHome(folder, { create: false }), {
    ...options,
    home: folder,
    defaultModel: project.options.name,
  })
}

/** Makes a version of the project's model, and tells how good it is. */
async function train(
  request: RunRequest,
  { threads, ...where }: Omit<ExecuteOptions, 'threads'> & { readonly threads: number | undefined },
): Promise<void> {
  const { clusterInHome, executeInHome } = await import('../execute.ts')
  if (request.project.options.task === 'clustering') {
    const [{ prepareClustering }, { printClusteringResult }] = await Promise.all([
      import('../../pipeline/prepare-clustering.ts'),
      import('../cluster-result.ts'),
    ])
    printClusteringResult(await clusterInHome(await prepareClustering(request), where))
    return
  }
  const [{ prepareRun }, { printRunResult }] = await Promise.all([
    import('../../pipeline/prepare-run.ts'),
    import('../run-result.ts'),
  ])
  const prepared = await prepareRun(request)
  const result = await executeInHome(prepared, { ...where, ...(threads === undefined ? {} : { threads }) })
  printRunResult(result, prepared.scoring.name)
}

/** The named project, or, with --data and --target alone, one made of the defaults. @throws USAGE */
async function projectFor(options: Record<string, unknown>, reference: string | undefined): Promise<Project> {
  const target = text(options, 'target')
  const data = text(options, 'data')
  if (!target) return openProject(reference ?? 'academic-risk', options)
  if (reference !== undefined)
    throw new BellwetherError('USAGE', `--target is for a table without a project; "${reference}" names its own.`)
  if (!data) throw new BellwetherError('USAGE', '--target needs --data: the table that holds the column.')
  const { draftProject } = await import('../draft-project.ts')
  return (await draftProject({ data: resolveSource(data, '.'), target })).project
}

/** As short as it is clear: from here where it lies below, else from the root. */
function shownPath(file: string): string {
  const relative = path.relative('.', file)
  return relative.startsWith('..') ? file : relative
}

/** A table that does not fit the bundled project is one of the user's own. */
function withTarget(error: unknown): unknown {
  if (!(error instanceof BellwetherError) || error.code !== 'COLUMN_NOT_FOUND') return error
  return new BellwetherError(error.code, error.message, {
    details: error.details,
    hint: 'For a table of your own say what to predict: --target COLUMN. Or name its project.',
    cause: error,
  })
}

async function homeThere(place: string): Promise<Home | null> {
  try {
    return await openHome(place, { create: false })
  } catch (error) {
    if (isDatabaseUrl(place) && error instanceof BellwetherError && error.code === 'HOME_NOT_FOUND') return null
    throw error
  }
}

/** The version that a finished run with these inputs made, with what that run notes of its data, and the champion's; or null. */
async function modelTrainedOn(
  folder: string,
  project: Project,
  inputs: string,
): Promise<{ readonly version: number; readonly champion: number | null; readonly notes: string | null } | null> {
  const home = isDatabaseUrl(folder) || existsSync(path.join(folder, 'bellwether.db')) ? await homeThere(folder) : null
  if (home === null) return null
  try {
    const runs = await home.tracking.runs({
      experiment: project.options.name,
      parentRunId: null,
      status: 'FINISHED',
      limit: 1000,
    })
    const ids = new Set(runs.filter((run) => run.tags[INPUTS_TAG] === inputs).map((run) => run.id))
    if (ids.size === 0) return null
    const versions = await home.models.versions(project.options.name)
    const made = versions.find((version) => ids.has(version.runId))
    if (!made) return null
    return {
      version: made.version,
      champion: versions.find(isChampion)?.version ?? null,
      notes: runs.find(({ id }) => id === made.runId)?.tags['bellwether.notes'] ?? null,
    }
  } finally {
    await home.close()
  }
}

const isChampion = ({ aliases }: ModelVersion) => aliases.includes('champion')
