/**
 * npm run test:soak [-- --kills N]
 *
 * The tests that kill processes, with their full counts, and a record of the run in docs/soak-record.md.
 */
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import os from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { VERSION } from '../src/version.ts'

const { values } = parseArgs({ options: { kills: { type: 'string', default: '200' } } })
const FILES = ['src/store/kill.test.ts', 'test/e2e/interrupted.test.ts']
const root = fileURLToPath(new URL('..', import.meta.url))
const started = Date.now()
const vitest = fileURLToPath(new URL('../node_modules/vitest/vitest.mjs', import.meta.url))
const { status, stdout } = spawnSync(
  process.execPath,
  [vitest, 'run', '--testTimeout=3600000', '--reporter=json', ...FILES],
  {
    cwd: root,
    env: { ...process.env, BELLWETHER_KILLS: values.kills },
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  },
)
const report = JSON.parse(stdout.slice(stdout.indexOf('{'))) as {
  numPassedTests: number
  numFailedTests: number
  testResults: { name: string; assertionResults: { fullName: string; status: string; duration?: number }[] }[]
}
const rows = report.testResults.flatMap(({ assertionResults }) =>
  assertionResults.map(
    ({ fullName, status: outcome, duration }) =>
      `| ${fullName} | ${outcome} | ${((duration ?? 0) / 1000).toFixed(1)} |`,
  ),
)
writeFileSync(
  new URL('../docs/soak-record.md', import.meta.url),
  `# The last soak run

\`npm run test:soak\`, made by \`scripts/soak.ts\`.

- when: ${new Date(started).toISOString().slice(0, 10)}, ${((Date.now() - started) / 1000).toFixed(0)} s
- what: Bellwether ${VERSION}, ${values.kills} kills where a test kills at random instants
- machine: ${os.cpus()[0]?.model ?? 'unknown CPU'}, ${os.availableParallelism()} cores, ${Math.round(os.totalmem() / 2 ** 30)} GiB, Node ${process.versions.node}, ${os.type()} ${os.release()}
- result: ${report.numPassedTests} passed, ${report.numFailedTests} failed

| test | outcome | seconds |
|---|---|---|
${rows.join('\n')}
`,
)
console.log(`${report.numPassedTests} passed, ${report.numFailedTests} failed`)
process.exitCode = status ?? 1
