/**
 * npm run bench -- [--only boosting|forest|search|quality|text|scoring|row|memory|tracking] [--rows N,N] [--trees N] [--threads N] [--repeats N] [--json]
 *                  [--trials N] [--data FILE]                                            (of search and quality)
 *                  [--tables NAME,NAME] [--peers NAME,NAME] [--kept]                     (of quality)
 *                  [--parts start,writes,search,artifacts,forms]                         (of tracking; --rows says how many runs are searched)
 *
 * Bellwether beside its peers: same rows, fresh processes in turns, medians. The peers are installed from PyPI into a virtual environment of
 * the bench's own (bench/.venv); tables are made with a committed seed and kept in bench/.data.
 */
import os from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { peerPython } from './peer-python.ts'
import { qualityReport, runQuality } from './quality.ts'
import { report } from './report.ts'
import type { Answer } from './run-peers.ts'
import { defaultTable, runSearch, searchReport } from './search.ts'
import { runTracking, TRACKING_PARTS, trackingReport } from './tracking.ts'
import { works } from './works.ts'

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    rows: { type: 'string' },
    trees: { type: 'string', default: '100' },
    threads: { type: 'string', default: String(os.availableParallelism()) },
    repeats: { type: 'string', default: '3' },
    trials: { type: 'string', default: '20' },
    data: { type: 'string' },
    tables: { type: 'string' },
    peers: { type: 'string' },
    kept: { type: 'boolean', default: false },
    parts: { type: 'string', default: TRACKING_PARTS.join(',') },
    json: { type: 'boolean', default: false },
  },
})
const known = [...Object.keys(works), 'search', 'quality', 'tracking']
const only = values.only
if (only !== undefined && !known.includes(only)) {
  console.error(`--only takes ${known.join(', ')}; got "${only}".`)
  process.exit(2)
}
const settings = {
  python: peerPython(),
  rows: values.rows === undefined ? null : values.rows.split(',').map((size) => number('--rows', size)),
  trees: number('--trees', values.trees),
  threads: number('--threads', values.threads),
  repeats: number('--repeats', values.repeats),
}
const machine = `${os.cpus()[0]?.model ?? 'unknown CPU'}, ${os.availableParallelism()} cores, ${Math.round(os.totalmem() / 2 ** 30)} GiB, Node ${process.versions.node}`
const results: object[] = []
if (!values.json) console.log(`${machine}; ${settings.threads} threads, medians of ${settings.repeats}\n`)
for (const name of only === undefined ? known.filter((name) => name !== 'memory') : [only]) {
  const work = works[name]
  // Without --only each answer says which work it is of.
  const label = (answer: object) => (only === undefined ? { work: name, ...answer } : answer)
  if (work) {
    const answers: Answer[] = await work.run(settings)
    results.push(...answers.map(label))
    if (!values.json) console.log(report(work, answers))
  } else if (name === 'quality') {
    const judged = await runQuality({
      ...settings,
      trials: number('--trials', values.trials),
      tables: values.tables?.split(',') ?? null,
      peers: values.peers?.split(',') ?? null,
      keptOnly: values.kept,
    })
    results.push(...judged.map(label))
    if (!values.json) console.log(qualityReport(judged))
  } else if (name === 'tracking') {
    const parts = values.parts.split(',')
    const unknown = parts.find((part) => !TRACKING_PARTS.some((each) => each === part))
    if (unknown !== undefined) {
      console.error(`--parts takes ${TRACKING_PARTS.join(', ')}; got "${unknown}".`)
      process.exit(2)
    }
    const answers = await runTracking({
      parts: TRACKING_PARTS.filter((part) => parts.includes(part)),
      runs: settings.rows?.[0] ?? 100_000,
      repeats: settings.repeats,
    })
    results.push(...answers.map(label))
    if (!values.json) console.log(trackingReport(answers))
  } else {
    const file = path.resolve(values.data ?? defaultTable())
    const searched = await runSearch(settings.python, file, number('--trials', values.trials), settings.threads)
    results.push(...searched.map(label))
    if (!values.json) console.log(searchReport(searched))
  }
}
if (values.json) console.log(JSON.stringify({ machine, results }, null, 2))

/** A whole number above 0 from the command line; ends the program with a message on any other text. */
function number(flag: string, text: string): number {
  const value = Number(text)
  if (Number.isInteger(value) && value > 0) return value
  console.error(`${flag} takes a whole number above 0; got "${text}".`)
  process.exit(2)
}
