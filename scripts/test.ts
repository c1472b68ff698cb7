/**
 * `npm test`: types, lint, import rules, then unit, property, parity and end-to-end tests, then the page in a real browser.
 * Every step runs even where one before it failed. The last line is `N passed, N failed`; what could not run is named before it.
 *
 *   npm test -- --only unit,browser    some steps
 *   npm test -- --only unit boosting   the unit tests whose file names hold "boosting"
 */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { buildDashboard } from './dashboard-build.ts'
import { linkCommand } from './link-command.ts'
import { parseTestOptions, type Step, type TestOptions } from './testing/options.ts'
import { type StepReport, summarise } from './testing/report.ts'
import { runCommand } from './testing/run-command.ts'
import { parseNote, readVitestReport } from './testing/vitest-report.ts'

const root = path.resolve(import.meta.dirname, '..')
const MINUTE = 60_000

/** Checks that count as one test each; two run at a time. */
const CHECKS: readonly { step: Step; name: string; module: string; args: readonly string[] }[] = [
  { step: 'types', name: 'types', module: 'typescript/bin/tsc', args: ['--noEmit', '-p', 'tsconfig.json'] },
  {
    step: 'types',
    name: 'types of the dashboard',
    module: 'typescript/bin/tsc',
    args: ['--noEmit', '-p', 'dashboard/tsconfig.json'],
  },
  {
    step: 'types',
    name: 'types of the browser tests',
    module: 'typescript/bin/tsc',
    args: ['--noEmit', '-p', 'test/browser/tsconfig.json'],
  },
  { step: 'lint', name: 'lint', module: '@biomejs/biome/bin/biome', args: ['check', '--error-on-warnings', '.'] },
  {
    step: 'imports',
    name: 'import rules',
    module: 'dependency-cruiser/bin/dependency-cruiser.mjs',
    args: ['--config', '.dependency-cruiser.cjs', 'src', 'dashboard/src'],
  },
]

async function main(): Promise<number> {
  const options = parseTestOptions(process.argv.slice(2))
  const scratch = mkdtempSync(path.join(tmpdir(), 'bellwether-test-'))
  try {
    const reports = await runChecks(options)
    if (options.only.includes('unit')) reports.push(await runVitest('unit', 'vitest.config.ts', scratch, options))
    if (options.only.includes('browser')) reports.push(await runBrowserTests(scratch, options))
    const summary = summarise(reports, { ci: process.env.CI === 'true' || process.env.CI === '1' })
    process.stdout.write(`${summary.lines.join('\n')}\n`)
    return summary.exitCode
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}

/** The static checks, from one queue with two at work. */
async function runChecks(options: TestOptions): Promise<StepReport[]> {
  const checks = CHECKS.filter((check) => options.only.includes(check.step))
  const reports: StepReport[] = new Array(checks.length)
  let next = 0
  const work = async (): Promise<void> => {
    for (let index = next++; index < checks.length; index = next++) {
      const check = checks[index]!
      const command = [process.execPath, path.join(root, 'node_modules', check.module), ...check.args]
      const run = await runCommand(command, { cwd: root, prefix: `[${check.name}] `, timeoutMs: 5 * MINUTE })
      const ok = run.exitCode === 0
      process.stdout.write(`[${check.name}] ${ok ? 'passed' : 'FAILED'} in ${run.seconds.toFixed(1)} s\n`)
      reports[index] = {
        step: check.name,
        passed: ok ? 1 : 0,
        failed: ok ? 0 : 1,
        seconds: run.seconds,
        notRun: [],
        failures: ok ? [] : [`ended with status ${run.exitCode}; see its output above`],
      }
    }
  }
  await Promise.all([work(), work()])
  return reports
}

async function runVitest(step: Step, config: string, scratch: string, options: TestOptions): Promise<StepReport> {
  const reportFile = path.join(scratch, `${step}.json`)
  const notesFolder = path.join(scratch, `${step}-notes`)
  const command = [process.execPath, path.join(root, 'node_modules/vitest/vitest.mjs'), 'run', '--config', config]
  command.push('--reporter=default', '--reporter=json', `--outputFile.json=${reportFile}`, ...options.files)
  const run = await runCommand(command, {
    cwd: root,
    env: { BELLWETHER_TEST_NOTES: notesFolder },
    timeoutMs: 25 * MINUTE,
  })
  process.stdout.write(`[${step}] ${run.exitCode === 0 ? 'passed' : 'FAILED'} in ${run.seconds.toFixed(1)} s\n`)
  const notes = existsSync(notesFolder)
    ? readdirSync(notesFolder).map((name) => parseNote(readFileSync(path.join(notesFolder, name), 'utf8')))
    : []
  const json = existsSync(reportFile) ? readFileSync(reportFile, 'utf8') : null
  return readVitestReport(step, json, notes, { ...run, root })
}

/** The page is built from the sources as they are before a browser opens it. */
async function runBrowserTests(scratch: string, options: TestOptions): Promise<StepReport> {
  const started = performance.now()
  try {
    linkCommand(root)
    const build = await buildDashboard(root)
    process.stdout.write(`[browser] dashboard ${build}\n`)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    const seconds = (performance.now() - started) / 1000
    return {
      step: 'browser',
      passed: 0,
      failed: 1,
      seconds,
      notRun: [],
      failures: [`the dashboard does not build: ${reason}`],
    }
  }
  return runVitest('browser', 'vitest.browser.config.ts', scratch, options)
}

try {
  process.exitCode = await main()
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 2
}
