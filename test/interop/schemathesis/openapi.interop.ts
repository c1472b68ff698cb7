import { writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bellwether } from '../../support/cli.ts'
import { runPython } from '../../support/interop.ts'
import { type Served, startServing } from '../../support/served.ts'

/** What an answer must be, whatever was asked: no fault of ours, and as the document says. */
const CHECKS = [
  'not_a_server_error',
  'status_code_conformance',
  'content_type_conformance',
  'response_schema_conformance',
  'response_headers_conformance',
]
const SECONDS = 75

let folder = ''
let server: Served
let key = ''

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'bellwether-schemathesis-'))
  const home = path.join(folder, 'home')
  const trained = await bellwether([
    'run',
    'academic-risk',
    '--models',
    'logistic-regression',
    '--trials',
    '1',
    '--home',
    home,
  ])
  expect(trained.status, trained.stderr).toBe(0)
  // Of the environment, because requests that are made up may revoke any other.
  const made = await bellwether(['keys', 'create', 'fuzzer', '--role', 'admin', '--environment', '--json'])
  expect(made.status, made.stderr).toBe(0)
  const shown = JSON.parse(made.stdout) as { key: string; environment: string }
  key = shown.key
  const settings = path.join(folder, 'settings.yaml')
  writeFileSync(settings, 'limits: { addressRatePerMinute: 10000000, callerRatePerMinute: 10000000 }\n')
  server = await startServing(['serve', '--home', home, '--auth', '--settings', settings], {
    env: { BELLWETHER_API_KEYS: shown.environment },
  })
})
afterAll(async () => {
  await server?.stop()
  await rm(folder, { recursive: true, force: true })
})

interface Report {
  readonly operations: number
  readonly cases: number
}

async function fuzz(name: string, headers: readonly string[], seconds: number): Promise<Report> {
  const document = path.join(folder, `${name}.json`)
  // The document itself needs a key; without one, requests are made from the same document.
  const answer = await fetch(`${server.url}/openapi.json`, { headers: { authorization: `Bearer ${key}` } })
  writeFileSync(document, await answer.text())
  const events = path.join(folder, `${name}.ndjson`)
  const { status, stdout, stderr } = await runPython(
    'schemathesis',
    [
      ...['-c', 'from schemathesis.cli import schemathesis; schemathesis()'],
      ...['--config-file', path.join(import.meta.dirname, 'schemathesis.toml')],
      // MLflow's scoring servers answer a ping with a bare line end and call it JSON, and so do we.
      ...['run', document, '--url', server.url, '--exclude-path', '/ping'],
      ...headers.flatMap((header) => ['-H', header]),
      ...['--phases', 'examples,coverage,fuzzing', '--checks', CHECKS.join(','), '--max-examples', '20'],
      ...['--seed', '20261121', '--continue-on-failure', '--no-shrink', '--max-time', String(seconds)],
      ...['--request-timeout', '30', '--report', 'ndjson', '--report-ndjson-path', events],
    ],
    { cwd: folder, timeoutMs: (seconds + 120) * 1000 },
  )
  const from = Math.max(stdout.search(/=+ (?:ERRORS|FAILURES) =+/), 0)
  expect(status, `${stdout.slice(from, from + 12_000)}\n${stderr.slice(-2000)}`).toBe(0)
  return {
    operations: Number(/Tested: (\d+)/.exec(stdout)?.[1]),
    cases: Number(/(\d+) generated/.exec(stdout)?.[1]),
  }
}

describe('made-up requests, right ones and wrong ones, to every operation of the document', () => {
  test('get answers that the document knows, and no fault of ours', async () => {
    const { paths } = (await (
      await fetch(`${server.url}/openapi.json`, { headers: { authorization: `Bearer ${key}` } })
    ).json()) as { paths: Record<string, object> }
    const operations = Object.values(paths).reduce((sum, item) => sum + Object.keys(item).length, 0)
    const report = await fuzz('with-key', [`Authorization: Bearer ${key}`], SECONDS)
    expect(report.operations).toBe(operations - 1)
    expect(report.cases).toBeGreaterThan(1000)
  })

  test('likewise without a key', async () => {
    const report = await fuzz('without-key', [], SECONDS / 3)
    expect(report.cases).toBeGreaterThan(300)
  })

  test('and leave no error in the log, nor the server unable to end', async () => {
    const { status, stdout, stderr } = await server.stop()
    expect(status).toBe(0)
    const errors = `${stdout}\n${stderr}`
      .split('\n')
      .filter((line) => /"level":"(error|fatal)"/.test(line) && !line.includes('"code":"NOT_READY"'))
    expect(errors).toEqual([])
  })
})
