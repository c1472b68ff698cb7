import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { VERSION } from '../../src/version.ts'
import { bellwether, ROOT, startBellwether } from '../support/cli.ts'
import { type PackedProgram, packAndUnpack } from '../support/packed.ts'

const PACK_TIMEOUT_MS = 240_000
const TEST_TIMEOUT_MS = 120_000

describe('the packed program', { timeout: TEST_TIMEOUT_MS }, () => {
  let packed: PackedProgram
  beforeAll(async () => {
    packed = await packAndUnpack()
  }, PACK_TIMEOUT_MS)
  afterAll(() => packed?.remove())

  const run = (...args: string[]) => bellwether(args, { cwd: packed.folder, bin: packed.bin })
  const write = (name: string, text: string) => writeFileSync(path.join(packed.folder, name), text)

  test('holds built code, the dashboard and the examples, and no source, test, fixture or state', () => {
    expect(packed.files).toEqual(
      expect.arrayContaining([
        'bin/bellwether.js',
        'dist/cli/LICENSES.txt',
        'dist/cli/main.js',
        'dist/cli/trial-worker.js',
        'dist/pipeline/fit-threads.js',
        'dist/learn/index.js',
        'dist/learn/index.d.ts',
        'dashboard/dist/index.html',
        'docs/project-file.md',
        'examples/academic-risk/bellwether.yaml',
        'examples/academic-risk/data/students-synthetic.csv',
        'CHANGELOG.md',
        'LICENSE',
        'README.md',
      ]),
    )
    const unwanted =
      /(?<!\.d)\.tsx?$|\.test\.|(^|\/)(testing|fixtures|src|scripts|test|tools|node_modules)\/|\.bellwether|\.sources/
    expect(packed.files.filter((file) => unwanted.test(file))).toEqual([])
  })

  test('leaves the package.json of the checkout as it was', () => {
    expect(packed.manifests[1]).toBe(packed.manifests[0])
  })

  test('says its version', async () => {
    expect(await run('--version')).toMatchObject({ status: 0, stdout: `${VERSION}\n` })
  })

  test('finds a bundled example by its name', async () => {
    const result = await run('data', 'validate', 'academic-risk', '--json')
    expect(result.status, result.stderr).toBe(0)
    expect(JSON.parse(result.stdout)).toMatchObject({ rows: 4424 })
  })

  test('carries the licences of the packages that are bundled, those that they need too', () => {
    const text = readFileSync(path.resolve(packed.bin, '../../dist/cli/LICENSES.txt'), 'utf8')
    for (const name of ['fastify', 'find-my-way', 'zod', 'yaml', 'prom-client'])
      expect(text).toMatch(new RegExp(`^${name} \\d`, 'm'))
    expect(text).toContain('Permission is hereby granted, free of charge')
  })

  test('trains on worker threads, keeps its state beside the project, and serves page, document, metrics, predictions and traces', async () => {
    const rows = Array.from(
      { length: 80 },
      (_, i) => `${18 + (i % 7)},${(i * 37) % 20},${i % 3 === 0 ? 'fail' : 'pass'}`,
    )
    write('pupils.csv', `age,grade,outcome\n${rows.join('\n')}\n`)
    write(
      'bellwether.yaml',
      'name: pupils\ntask: classification\ndata: { source: pupils.csv, target: outcome }\n' +
        'models: [baseline, logistic-regression]\nsearch: { trials: 2, folds: 2 }\n',
    )
    const trained = await run('run', '.', '--threads', '2', '--json')
    expect(trained.status, trained.stderr).toBe(0)
    expect(JSON.parse(trained.stdout)).toMatchObject({
      project: 'pupils',
      model: { version: 1, aliases: ['champion'] },
    })

    const traces: string[] = []
    const collector = createServer((request, response) => {
      request.on('data', (part) => traces.push(String(part))).on('end', () => response.end('{}'))
    }).listen(0, '127.0.0.1')
    await once(collector, 'listening')
    const { port } = collector.address() as AddressInfo
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}` }
    const server = startBellwether(['serve', '--port', '0', '--json'], { cwd: packed.folder, bin: packed.bin, env })
    try {
      const url = await firstUrl(server.stdout)
      const page = await fetch(url)
      expect([page.status, await page.text()]).toEqual([200, expect.stringContaining('<div id="root">')])
      const answer = await fetch(`${url}/api/v1/models/pupils/predict`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ records: [{ age: 19, grade: 12 }] }),
      })
      expect(await answer.json()).toMatchObject({
        model: { name: 'pupils', version: 1 },
        predictions: [{ warnings: [] }],
      })
      const document = (await (await fetch(`${url}/openapi.json`)).json()) as { readonly paths: object }
      expect(Object.keys(document.paths)).toEqual(
        expect.arrayContaining(['/api/v1/models/pupils/predict', '/api/2.0/mlflow/runs/search']),
      )
      expect((await fetch(`${url}/docs/`)).status).toBe(200)
      expect(await (await fetch(`${url}/metrics`)).text()).toMatch(/bellwether_predictions_total\{[^}]*pupils[^}]*\} 1/)
    } finally {
      const ended = once(server, 'close')
      server.kill('SIGTERM')
      await ended
      collector.close()
    }
    expect(traces.join()).toContain('/api/v1/models/:name/predict')
  })

  test('keeps the state of a bundled example in the folder it is called from, not in its installation', async () => {
    const cwd = path.join(packed.folder, 'elsewhere')
    mkdirSync(cwd)
    const args = ['run', 'academic-risk', '--models', 'baseline', '--threads', '1', '--json']
    const result = await bellwether(args, { cwd, bin: packed.bin })
    // Its gate lets no baseline become champion.
    expect(result.status, result.stderr).toBe(1)
    expect(existsSync(path.join(cwd, '.bellwether/bellwether.db'))).toBe(true)
    expect(existsSync(path.resolve(packed.bin, '../../examples/academic-risk/.bellwether'))).toBe(false)
  })

  test('is a library: bellwether/learn fits and predicts', async () => {
    write(
      'learn.js',
      `import { fitPipeline, FeatureOptions, makeTable } from 'bellwether/learn'
const values = Float64Array.from({ length: 60 }, (_, i) => i)
const pipeline = fitPipeline({
  table: makeTable([['x', { kind: 'number', values }]]),
  schema: { columns: [{ name: 'x', kind: 'number', dataType: 'float', declared: { required: false },
    observed: { missing: 0, distinct: 60, min: 0, max: 59, categories: [] } }] },
  inputs: ['x'], target: { task: 'regression', values: values.map((x) => 2 * x + 1) },
  featureOptions: FeatureOptions.parse({}), estimatorName: 'ridge', estimatorOptions: { alpha: 0 }, seed: 1,
})
const [answer] = pipeline.predict(makeTable([['x', { kind: 'number', values: Float64Array.of(100) }]]))
console.log(answer.toFixed(6))
`,
    )
    const { stdout } = await promisify(execFile)(process.execPath, ['learn.js'], { cwd: packed.folder })
    expect(stdout).toBe('201.000000\n')
  })

  test('has types: of two programs the one that mistypes a matrix does not compile', async () => {
    write(
      'right.ts',
      `import { estimators, type Matrix } from 'bellwether/learn'\nexport const x: Matrix['nRows'] = estimators.size\n`,
    )
    write('wrong.ts', `import type { Matrix } from 'bellwether/learn'\nexport const x: Matrix['nRows'] = 'many'\n`)
    const compiler = path.join(ROOT, 'node_modules/typescript/bin/tsc')
    const options = ['--noEmit', '--strict', '--target', 'es2024', '--module', 'nodenext']
    const compiled = promisify(execFile)(process.execPath, [compiler, ...options, 'right.ts', 'wrong.ts'], {
      cwd: packed.folder,
    })
    const error = "wrong.ts(2,14): error TS2322: Type 'string' is not assignable to type 'number'."
    await expect(compiled).rejects.toMatchObject({ stdout: `${error}\n` })
  })
})

async function firstUrl(output: NodeJS.ReadableStream): Promise<string> {
  for await (const line of createInterface({ input: output })) {
    const url = /http:\/\/[^"\s]+/.exec(line)?.[0]
    if (url) return url
  }
  throw new Error('the server ended before it served')
}
