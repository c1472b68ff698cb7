/**
 * npm run test:soak [-- --kills N] [--requests N] [--only store,server,data,runs,flood,injection,crowd] [--report FILE]
 *
 * The tests that kill processes, with their full counts, those of servers under faults, the flood of made-up requests, hostile texts at every place, and the crowd of silent and slow
 * connections; --only takes some of them. A record of the run goes to docs/soak-record.md (with --only to a page named for what was run). With --report nothing is run: the record is written from
 * the JSON report that an earlier run left.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { VERSION } from '../src/version.ts'

interface Report {
  readonly startTime: number
  readonly numPassedTests: number
  readonly numFailedTests: number
  readonly testResults: readonly {
    readonly endTime: number
    readonly assertionResults: readonly {
      readonly fullName: string
      readonly status: string
      readonly duration?: number
    }[]
  }[]
}

/** By the name that --only takes. */
const FILES: Readonly<Record<string, readonly string[]>> = {
  store: ['src/store/kill.test.ts'],
  server: ['test/reliability'],
  /** Of `server` the part that kills `data add`, `push` and `pull`. */
  data: ['test/reliability/kill-data.test.ts'],
  runs: ['test/e2e/interrupted.test.ts'],
  flood: ['test/security/flood.test.ts'],
  injection: ['test/security/injection-sqlite.test.ts', 'test/security/injection-postgres.test.ts'],
  crowd: ['test/security/crowd.test.ts'],
}
/** Has the machine to itself, after the others: it tells a server that is late for what it does not do from one that is late for what others do. */
const ALONE = 'crowd'
const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '200' },
    requests: { type: 'string', default: '1000000' },
    only: { type: 'string' },
    report: { type: 'string' },
  },
})
const parts = values.only?.split(',') ?? Object.keys(FILES)
const unknown = parts.find((part) => !Object.hasOwn(FILES, part))
if (unknown !== undefined) {
  console.error(`--only takes ${Object.keys(FILES).join(', ')}; got "${unknown}".`)
  process.exit(2)
}
/** Where the flood and the crowd write what they sent and what came back. */
const FLOOD_SUMMARY = path.join(os.tmpdir(), `bellwether-flood-${process.pid}.json`)
const CROWD_SUMMARY = path.join(os.tmpdir(), `bellwether-crowd-${process.pid}.json`)
const report = values.report ? (JSON.parse(readFileSync(values.report, 'utf8')) as Report) : runAll()
// Some parts have a page of their own, so that the record of the others stays.
const page = values.only === undefined ? 'soak-record.md' : `soak-record-${parts.join('-')}.md`
writeFileSync(new URL(`../docs/${page}`, import.meta.url), record(report, values.kills))
console.log(`${report.numPassedTests} passed, ${report.numFailedTests} failed`)
process.exitCode = report.numFailedTests > 0 || report.numPassedTests === 0 ? 1 : 0

function runAll(): Report {
  const turns = [parts.filter((part) => part !== ALONE), parts.filter((part) => part === ALONE)]
  const reports = turns.filter((turn) => turn.length > 0).map(run)
  const sum = (count: (one: Report) => number) => reports.reduce((total, one) => total + count(one), 0)
  return {
    startTime: reports[0]!.startTime,
    numPassedTests: sum((one) => one.numPassedTests),
    numFailedTests: sum((one) => one.numFailedTests),
    testResults: reports.flatMap(({ testResults }) => testResults),
  }
}

/** @returns Vitest's JSON report of some parts */
function run(some: readonly string[]): Report {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'bellwether-soak-'))
  const file = path.join(folder, 'report.json')
  try {
    const vitest = fileURLToPath(new URL('../node_modules/vitest/vitest.mjs', import.meta.url))
    spawnSync(
      process.execPath,
      [
        vitest,
        'run',
        '--testTimeout=7200000',
        '--reporter=default',
        '--reporter=json',
        `--outputFile.json=${file}`,
        ...some.flatMap((part) => FILES[part]!),
      ],
      {
        cwd: fileURLToPath(new URL('..', import.meta.url)),
        env: {
          ...process.env,
          BELLWETHER_KILLS: values.kills,
          BELLWETHER_FLOOD: values.requests,
          BELLWETHER_PROPERTY_SEED: 'random',
          BELLWETHER_FLOOD_SUMMARY: FLOOD_SUMMARY,
          BELLWETHER_CROWD: 'full',
          BELLWETHER_CROWD_SUMMARY: CROWD_SUMMARY,
        },
        stdio: ['ignore', 'inherit', 'inherit'],
      },
    )
    return JSON.parse(readFileSync(file, 'utf8')) as Report
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function record({ startTime, numPassedTests, numFailedTests, testResults }: Report, kills: string): string {
  const seconds = Math.round((Math.max(...testResults.map(({ endTime }) => endTime)) - startTime) / 1000)
  const rows = testResults.flatMap(({ assertionResults }) =>
    assertionResults.map(
      ({ fullName, status, duration }) => `| ${fullName} | ${status} | ${((duration ?? 0) / 1000).toFixed(1)} |`,
    ),
  )
  return `# The last soak run

\`npm run test:soak -- --kills ${kills} --requests ${values.requests}${values.only === undefined ? '' : ` --only ${values.only}`}\`; this page is written by \`scripts/soak.ts\`.

- when: ${new Date(startTime).toISOString().slice(0, 10)}, ${seconds} s
- what: Bellwether ${VERSION}, ${kills} kills in each test that kills at random instants, ${values.requests} requests in the flood (where those parts were run)
- machine: ${os.cpus()[0]?.model ?? 'unknown CPU'}, ${os.availableParallelism()} cores, ${Math.round(os.totalmem() / 2 ** 30)} GiB, Node ${process.versions.node}
- result: ${numPassedTests} passed, ${numFailedTests} failed
${floodLines()}${crowdLine()}
| test | outcome | seconds |
|---|---|---|
${rows.join('\n')}
`
}

/** What the flood sent, from which seed, and how often each status came back; empty where it did not run. */
function floodLines(): string {
  if (!existsSync(FLOOD_SUMMARY)) return ''
  const flood = JSON.parse(readFileSync(FLOOD_SUMMARY, 'utf8'))
  rmSync(FLOOD_SUMMARY)
  const { requests, seed, seconds, statuses, processorSeconds, memoryMiB } = flood
  return `
The flood: ${requests} requests from seed ${seed} in ${seconds} s, with ${processorSeconds.test} processor seconds of the test and ${processorSeconds.server ?? 'unknown'} of the server${memoryMiB === null ? '' : `; memory of the server ${memoryMiB[0]} MiB once warm, ${memoryMiB[1]} MiB at the end`}.

| answer | times |
|---|---|
${Object.entries(statuses)
  .map(([status, times]) => `| ${status} | ${times} |`)
  .join('\n')}
`
}

/** Who came, and what those who behaved were answered meanwhile; empty where the crowd did not run. */
function crowdLine(): string {
  if (!existsSync(CROWD_SUMMARY)) return ''
  const crowd = JSON.parse(readFileSync(CROWD_SUMMARY, 'utf8'))
  rmSync(CROWD_SUMMARY)
  const { silent, slow, good, seconds, answers, atATime, ended } = crowd
  const given = Object.entries(answers).map(([status, times]) => `${times} times ${status}`)
  return `
The crowd: ${silent} connections that say nothing and ${slow} bodies that come byte by byte, for ${seconds} s; ${atATime[0]} to ${atATime[1]} of them were there at a time, and they were sent away ${ended} times. ${good} clients that behave were answered ${given.join(', ')}.
`
}
