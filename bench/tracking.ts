import { existsSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { builtProgram } from './built-program.ts'
import { fillMlflow, fillOurs } from './tracking/fill.ts'
import { fillRegistry } from './tracking/fill-registry.ts'
import { type Figures, measureArtifacts, measureSearch, measureStart, measureWrites } from './tracking/parts.ts'
import { type FormTimes, formsOfRegistry, formsOfRuns, measureForms } from './tracking/search-forms.ts'
import { bellwetherServer, mlflowServer, start, type TrackingServer } from './tracking/servers.ts'

/**
 * Bellwether's server beside MLflow's own, over HTTP, as MLflow's clients speak with both: `--only tracking`. Its part `forms` is of Bellwether's store
 * alone: the processor time of every form of a search.
 */

export const TRACKING_PARTS = ['start', 'writes', 'search', 'artifacts', 'forms'] as const
export type TrackingPart = (typeof TRACKING_PARTS)[number]

export interface TrackingSettings {
  readonly parts: readonly TrackingPart[]
  /** Runs in the filled stores. */
  readonly runs: number
  readonly repeats: number
}

export interface TrackingAnswer {
  readonly peer: string
  readonly figures: Figures
  readonly forms?: readonly FormTimes[]
}

const DATA = fileURLToPath(new URL('.data/tracking', import.meta.url))
/** MLflow's server takes two orders more time for each. */
const WRITES = { bellwether: 2000, mlflow: 300 }
/** Beside a filled database: the id of the experiment that its runs are in. */
const EXPERIMENT_FILE = 'experiment.txt'

/** How each figure is named, printed, and what is asked of it: at most `below`, and MLflow's at least `ahead` times as much. */
const FIGURES: Readonly<Record<string, { title: string; digits: number; below?: number; ahead?: number }>> = {
  startSeconds: { title: 'start to first answer, s', digits: 2, below: 0.6, ahead: 10 },
  idleMib: { title: 'resident when idle, MiB', digits: 0 },
  logMetricP50Ms: { title: 'log-metric p50, ms', digits: 2, ahead: 10 },
  logMetricP99Ms: { title: 'log-metric p99, ms', digits: 2 },
  logBatchMs: { title: 'log-batch of 1,000, ms', digits: 1 },
  searchOneMs: { title: 'search, one metric, ordered by it, ms', digits: 1, below: 100, ahead: 5 },
  searchAndMs: { title: 'search, two metrics AND a param, ordered by a third, ms', digits: 1, below: 100, ahead: 5 },
  searchPageMs: { title: 'the second page of that, ms', digits: 1, below: 100, ahead: 5 },
  searchOrMs: { title: 'search with OR, ms', digits: 1, below: 100 },
  uploadSeconds: { title: 'upload of 1 GiB, s', digits: 1 },
  uploadMib: { title: 'memory that it takes, MiB', digits: 0, below: 256 },
  downloadSeconds: { title: 'download of 1 GiB, s', digits: 1 },
  downloadMib: { title: 'memory that it takes, MiB', digits: 0, below: 256 },
  peakMib: { title: 'peak resident of both, MiB', digits: 0 },
}

/** Both servers in turns, part by part; never both at once. */
export async function runTracking({ parts, runs, repeats }: TrackingSettings): Promise<TrackingAnswer[]> {
  const bin = await builtProgram()
  const peers = [
    { make: (folder: string) => bellwetherServer(bin, folder), fill: fillOurs, name: 'bellwether' },
    { make: mlflowServer, fill: fillMlflow, name: 'mlflow' },
  ] as const
  const answers: TrackingAnswer[] = []
  const overHttp = parts.some((part) => part !== 'forms')
  for (const { make, fill, name } of overHttp ? peers : []) {
    const plain = make(await withSchema(make, path.join(DATA, `${name}-plain`)))
    let figures: Figures = {}
    if (parts.includes('start')) figures = { ...figures, ...(await measureStart(plain, repeats)) }
    if (parts.includes('writes')) figures = { ...figures, ...(await measureWrites(plain, WRITES[name])) }
    if (parts.includes('artifacts')) figures = { ...figures, ...(await measureArtifacts(plain)) }
    if (parts.includes('search')) {
      const filled = make(await withSchema(make, path.join(DATA, `${name}-${runs}`)))
      const experiment = await filledOnce(filled, () => fill(filled.databaseFile, runs))
      figures = { ...figures, ...(await measureSearch(filled, experiment, repeats)) }
    }
    answers.push({ peer: plain.peer, figures })
  }
  if (parts.includes('forms')) {
    const make = (folder: string) => bellwetherServer(bin, folder)
    answers.push({ peer: make(DATA).peer, figures: {}, forms: await runForms(make, runs, repeats) })
  }
  return answers
}

async function runForms(make: (folder: string) => TrackingServer, runs: number, repeats: number): Promise<FormTimes[]> {
  const folders = [path.join(DATA, `bellwether-${runs}`), path.join(DATA, 'bellwether-registry')]
  const [ofRuns, registry] = [make(await withSchema(make, folders[0]!)), make(await withSchema(make, folders[1]!))]
  const experiment = await filledOnce(ofRuns, () => fillOurs(ofRuns.databaseFile, runs))
  const logged = await filledOnce(registry, () => fillRegistry(registry.databaseFile))
  return [
    ...(await measureForms(folders[0]!, formsOfRuns(experiment), repeats)),
    ...(await measureForms(folders[1]!, formsOfRegistry(logged), repeats)),
  ]
}

/** The server's first start makes the schema; it counts for nothing. */
async function withSchema(make: (folder: string) => TrackingServer, folder: string): Promise<string> {
  const server = make(folder)
  if (!existsSync(server.databaseFile)) {
    await mkdir(folder, { recursive: true })
    await (await start(server)).stop()
  }
  return folder
}

async function filledOnce(server: TrackingServer, fill: () => string): Promise<string> {
  const file = path.join(path.dirname(server.databaseFile), EXPERIMENT_FILE)
  if (existsSync(file)) return readFile(file, 'utf8')
  const id = fill()
  await writeFile(file, id)
  return id
}

/** Both servers' figures as a Markdown table, with what was asked of ours. */
export function trackingReport(answers: readonly TrackingAnswer[]): string {
  const forms = answers.flatMap((answer) => answer.forms ?? [])
  const overHttp = answers.filter((answer) => !answer.forms)
  return [
    ...(overHttp.length > 0 ? [httpReport(overHttp)] : []),
    ...(forms.length > 0 ? [formsReport(forms)] : []),
  ].join('\n')
}

const FORM_MS = 100

function formsReport(forms: readonly FormTimes[]): string {
  const slow = forms.filter(({ ms, nextMs }) => Math.max(ms, nextMs ?? 0) > FORM_MS).length
  const rows = forms.map(({ of, title, found, ms, nextMs }) => {
    const verdict = Math.max(ms, nextMs ?? 0) > FORM_MS ? '**MISSED**' : ''
    return `| ${of}: ${title} | ${found} | ${ms.toFixed(1)} | ${nextMs?.toFixed(1) ?? ''} | ${verdict} |`
  })
  return [
    `## Forms of a search, processor ms of the store on SQLite; ${slow} of ${forms.length} above ${FORM_MS}`,
    '',
    '| | found | first page | next page | |',
    '|---|---:|---:|---:|---|',
    ...rows,
    '',
  ].join('\n')
}

function httpReport(answers: readonly TrackingAnswer[]): string {
  const [ours, theirs] = answers.map(({ figures }) => figures)
  const rows = Object.entries(FIGURES).flatMap(([name, { title, digits, below, ahead }]) => {
    const own = ours?.[name]
    if (typeof own !== 'number') return []
    const other = theirs?.[name]
    const ratio = typeof other === 'number' ? other / own : null
    const asked = [...(below === undefined ? [] : [`<= ${below}`]), ...(ahead === undefined ? [] : [`${ahead}x`])]
    const met = (below === undefined || own <= below) && (ahead === undefined || (ratio !== null && ratio >= ahead))
    const shown = [own, other].map((value) => (typeof value === 'number' ? value.toFixed(digits) : ''))
    const verdict = asked.length === 0 ? '' : met ? 'reached' : '**MISSED**'
    return [
      `| ${[title, ...shown, ratio === null ? '' : `${ratio.toFixed(1)}x`, asked.join(', '), verdict].join(' | ')} |`,
    ]
  })
  const head = `| | ${answers.map(({ peer }) => peer).join(' | ')} | ahead | asked | |`
  return ['## Tracking over HTTP, SQLite', '', head, '|---|---:|---:|---:|---|---|', ...rows, ''].join('\n')
}
