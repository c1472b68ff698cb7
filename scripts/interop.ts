/**
 * `npm run test:interop`: other people's programs, unmodified, against ours. Each folder of test/interop/ has `*.interop.ts` files and, where it needs
 * Python, requirements.txt (pinned), which gets a virtual environment of its own in test/interop/.venvs/, made once and kept.
 * The last line is `N passed, N failed`; what could not run is named before it, and in CI that is a failure.
 *
 *   npm run test:interop -- mlflow dvc      these folders alone
 *
 * PYTHON names the interpreter that makes the environments (python3).
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import {
  environmentStamp,
  findSuites,
  type InteropEnvironment,
  type InteropSuite,
  isCurrent,
  STAMP_FILE,
} from './testing/interop-environments.ts'
import { type StepReport, summarise } from './testing/report.ts'
import { runCommand } from './testing/run-command.ts'
import { parseNote, readVitestReport } from './testing/vitest-report.ts'

const root = path.resolve(import.meta.dirname, '..')
const MINUTE = 60_000
const python = process.env.PYTHON ?? 'python3'

async function main(names: readonly string[]): Promise<number> {
  const all = findSuites(path.join(root, 'test/interop'))
  const unknown = names.filter((name) => !all.some((suite) => suite.name === name))
  if (unknown.length > 0)
    throw new Error(`There is no suite ${unknown.join(', ')}; there is: ${all.map((suite) => suite.name).join(', ')}.`)
  const suites = names.length === 0 ? all : all.filter((suite) => names.includes(suite.name))
  const missing = await makeEnvironments(suites.flatMap((suite) => suite.environments))
  const reports: StepReport[] = []
  for (const suite of suites) reports.push(await runSuite(suite, missing))
  const summary = summarise(reports, { ci: process.env.CI === 'true' || process.env.CI === '1' })
  process.stdout.write(`${summary.lines.join('\n')}\n`)
  return summary.exitCode
}

/** Makes what is missing, two at a time. @returns why an environment could not be made, by its name */
async function makeEnvironments(environments: readonly InteropEnvironment[]): Promise<Map<string, string>> {
  const missing = new Map<string, string>()
  if (environments.length === 0) return missing
  const version = pythonVersion()
  let next = 0
  const work = async (): Promise<void> => {
    for (let index = next++; index < environments.length; index = next++) {
      const environment = environments[index]!
      const reason = version === null ? `there is no ${python}` : await makeEnvironment(environment, version)
      if (reason !== null) missing.set(environment.name, reason)
    }
  }
  await Promise.all([work(), work()])
  return missing
}

function pythonVersion(): string | null {
  const { status, stdout } = spawnSync(python, ['--version'], { encoding: 'utf8' })
  return status === 0 ? stdout.trim() : null
}

/** @returns why not, or null */
async function makeEnvironment(environment: InteropEnvironment, version: string): Promise<string | null> {
  const { name, folder, requirements } = environment
  const stamp = environmentStamp(requirements, version)
  if (isCurrent(environment, stamp)) return null
  const prefix = `[${name}] `
  process.stdout.write(`${prefix}${version}, ${path.relative(root, requirements)}\n`)
  rmSync(folder, { recursive: true, force: true })
  const made = await runCommand([python, '-m', 'venv', folder], { cwd: root, prefix, timeoutMs: 3 * MINUTE })
  if (made.exitCode !== 0) return `${python} -m venv failed`
  const pip = [path.join(folder, 'bin/python'), '-m', 'pip', 'install', '--quiet', '--disable-pip-version-check']
  const installed = await runCommand([...pip, '-r', requirements], { cwd: root, prefix, timeoutMs: 10 * MINUTE })
  if (installed.exitCode !== 0) return `pip could not install ${path.relative(root, requirements)}`
  writeFileSync(path.join(folder, STAMP_FILE), stamp)
  process.stdout.write(`${prefix}ready in ${(made.seconds + installed.seconds).toFixed(0)} s\n`)
  return null
}

async function runSuite(suite: InteropSuite, missing: ReadonlyMap<string, string>): Promise<StepReport> {
  const without = suite.environments.find((environment) => missing.has(environment.name))
  if (without) {
    const notRun = [{ name: `test/interop/${suite.name}`, reason: missing.get(without.name)!, forWantOfData: false }]
    return { step: suite.name, passed: 0, failed: 0, seconds: 0, notRun, failures: [] }
  }
  const scratch = mkdtempSync(path.join(tmpdir(), 'bellwether-interop-'))
  try {
    const reportFile = path.join(scratch, 'report.json')
    const notesFolder = path.join(scratch, 'notes')
    const vitest = [process.execPath, path.join(root, 'node_modules/vitest/vitest.mjs'), 'run']
    const options = ['--config', 'vitest.interop.config.ts', '--reporter=default', '--reporter=json']
    const run = await runCommand(
      [...vitest, ...options, `--outputFile.json=${reportFile}`, `test/interop/${suite.name}/`],
      {
        cwd: root,
        env: { BELLWETHER_TEST_NOTES: notesFolder },
        timeoutMs: 12 * MINUTE,
      },
    )
    const notes = existsSync(notesFolder)
      ? readdirSync(notesFolder).map((name) => parseNote(readFileSync(path.join(notesFolder, name), 'utf8')))
      : []
    const json = existsSync(reportFile) ? readFileSync(reportFile, 'utf8') : null
    return readVitestReport(suite.name, json, notes, { ...run, root })
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 2
}
