import { existsSync } from 'node:fs'
import path from 'node:path'
import { isAddress, publicAddress, resolveSource } from '../../data/table-source.ts'
import type { Project } from '../../pipeline/load-project.ts'
import { openHome } from '../../store/open-home.ts'
import { dataFile, homeFolder, interruptSignal, openProject, text, wholeNumber } from '../context.ts'
import { fingerprint, INPUTS_TAG } from '../fingerprint.ts'
import { note } from '../output.ts'
import { serveHome } from '../serve-home.ts'

/** Trains unless a finished run on the same file, options and program version is in the home; then serves. */
export async function action(options: Record<string, unknown>, [reference]: string[]): Promise<number> {
  const threads = wholeNumber(options, 'threads', 1, 256)
  const project = await projectFor(options, reference ?? 'academic-risk')
  const file = dataFile(options, project)
  const folder = homeFolder(options, project.folder)
  const inputs = await fingerprint(file, project.options)
  const trained = await modelTrainedOn(folder, project, inputs)
  if (trained !== null) {
    note(`model     ${project.options.name} version ${trained} was trained on this very data already`)
  } else {
    const [{ prepareRun }, { executeInHome }, { printRunResult }] = await Promise.all([
      import('../../pipeline/prepare-run.ts'),
      import('../execute.ts'),
      import('../run-result.ts'),
    ])
    note(`project   ${project.options.name}, ${isAddress(file) ? publicAddress(file) : path.relative('.', file)}`)
    const { signal, release } = interruptSignal()
    try {
      const prepared = await prepareRun({ project, file, signal })
      const result = await executeInHome(prepared, {
        home: folder,
        signal,
        tags: { [INPUTS_TAG]: inputs },
        ...(threads === undefined ? {} : { threads }),
      })
      printRunResult(result, prepared.scoring.name)
    } finally {
      release()
    }
  }
  return serveHome(await openHome(folder, { create: false }), { ...options, defaultModel: project.options.name })
}

/** The named project, or, with --data and --target alone, one made of the defaults. */
async function projectFor(options: Record<string, unknown>, reference: string): Promise<Project> {
  const target = text(options, 'target')
  const data = text(options, 'data')
  if (!target || !data) return openProject(reference, options)
  const { draftProject } = await import('../draft-project.ts')
  return (await draftProject({ data: resolveSource(data, '.'), target })).project
}

/** The version that a finished run with these inputs made, or null. */
async function modelTrainedOn(folder: string, project: Project, inputs: string): Promise<number | null> {
  if (!existsSync(path.join(folder, 'bellwether.db'))) return null
  const home = await openHome(folder, { create: false })
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
    return versions.find((version) => ids.has(version.runId))?.version ?? null
  } finally {
    await home.close()
  }
}
