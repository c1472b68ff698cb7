import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readPackage } from '../../src/packaging/read-package.ts'
import type { RunResult } from '../../src/pipeline/execute-run.ts'
import type { ClassPrediction } from '../../src/serve/prediction.ts'
import { type Home, openHome } from '../../src/store/open-home.ts'
import { recordsToTable } from '../../src/table/records.ts'
import type { DatasetVersion } from '../../src/track/dataset-store.ts'
import type { LedgerEntry, ModelVersion, RegisteredModel } from '../../src/track/model-registry.ts'
import type { Run, RunDetail } from '../../src/track/tracking-store.ts'
import { bellwether, temporaryFolder } from '../support/cli.ts'
import { makePupils, type Pupil, writePupilsProject } from '../support/pupils.ts'
import { type Served, startServing } from '../support/served.ts'

/** One home for all: version 1 of every kind of model, version 2 of a forest, a server on it. */
const { folder, remove } = temporaryFolder()
const pupils = makePupils(320)
const project = path.join(folder, 'project')
const home = path.join(folder, 'home')
let first: RunResult
let second: RunResult
let server: Served
let stores: Home

beforeAll(async () => {
  writePupilsProject(
    project,
    pupils,
    'search: { trials: 3, folds: 3 }\ngates:\n  - { metric: f1_macro, betterThan: baseline }\n',
  )
  first = await jsonOf<RunResult>(['run', project, '--home', home, '--threads', '2'])
  second = await jsonOf<RunResult>(['run', project, '--home', home, '--models', 'random-forest', '--trials', '2'])
  server = await startServing(['serve', '--home', home])
  stores = await openHome(home, { readOnly: true })
}, 120_000)
afterAll(async () => {
  await stores?.close()
  await server?.stop()
  remove()
})

/** The one JSON document that a command prints with `--json`; it must end with `status`. */
async function jsonOf<Document>(args: readonly string[], status = 0): Promise<Document> {
  const result = await bellwether([...args, '--json'])
  expect(result.status, `${args.join(' ')}\n${result.stderr}`).toBe(status)
  return JSON.parse(result.stdout) as Document
}

/** What a command prints for people. */
async function textOf(args: readonly string[], status = 0): Promise<string> {
  const result = await bellwether(args)
  expect(result.status, `${args.join(' ')}\n${result.stderr}`).toBe(status)
  expect(result.stdout.trim().length, args.join(' ')).toBeGreaterThan(0)
  return result.stdout
}

const inHome = (...args: string[]) => [...args, '--home', home]

interface Predicted {
  readonly model: { readonly name: string; readonly version: number; readonly alias: string | null }
  readonly predictions: readonly ClassPrediction[]
}

describe('a run', () => {
  test('prints the document of the design', () => {
    expect(Object.keys(first)).toEqual(
      expect.arrayContaining([
        'project',
        'runId',
        'dataset',
        'candidates',
        'best',
        'test',
        'model',
        'gates',
        'seconds',
      ]),
    )
    expect(first).toMatchObject({
      project: 'pupils',
      runId: expect.stringMatching(/^[0-9a-f]{32}$/),
      dataset: { id: expect.stringMatching(/^sha256:[0-9a-f]{64}$/), rows: 320, rejected: 0 },
      model: { name: 'pupils', version: 1, aliases: ['champion'] },
      gates: [{ metric: 'f1_macro', passed: true }],
    })
    expect(first.candidates.map(({ estimator, trials }) => [estimator, trials])).toEqual([
      ['baseline', 1],
      ['logistic-regression', 3],
      ['random-forest', 3],
      ['gradient-boosting', 3],
    ])
    const metrics = ['accuracy', 'f1_macro', 'log_loss', 'roc_auc_ovr']
    for (const candidate of first.candidates)
      for (const name of metrics) expect(candidate.cv[name]).toBeTypeOf('number')
    for (const name of metrics) expect(first.test[name]).toBeTypeOf('number')
    const scores = first.candidates.map(({ cv }) => cv['f1_macro']!)
    expect(first.best.cv['f1_macro']).toBe(Math.max(...scores))
    expect(first.test['f1_macro']!).toBeGreaterThan(first.baseline['f1_macro']!)
    expect(first.seconds).toBeGreaterThan(0)
  })

  test('prints a table for people on standard output, progress on standard error', async () => {
    const result = await bellwether(['run', project, '--home', path.join(folder, 'other'), '--trials', '1'])
    expect(result.status, result.stderr).toBe(0)
    expect(result.stdout).toMatch(/random-forest/)
    expect(result.stdout).toMatch(/f1_macro/)
    expect(result.stderr).toMatch(/data +320 rows/)
  })

  test('has the same dataset id when the same file is read again', () => {
    expect(second.dataset).toEqual(first.dataset)
  })

  test('whose gate says no ends with status 1 and registers a version without an alias', async () => {
    const strict = writePupilsProject(
      path.join(folder, 'strict'),
      pupils,
      'models: [baseline]\ngates:\n  - { metric: accuracy, min: 0.999 }\n',
    )
    const result = await jsonOf<RunResult>(['run', strict], 1)
    expect(result.gates).toEqual([
      { metric: 'accuracy', value: result.test['accuracy'], expected: 'at least 0.999', passed: false },
    ])
    expect(result.model).toEqual({ name: 'pupils', version: 1, aliases: [] })
  })
})

describe('what a run leaves in the home', () => {
  test('every trial with its params, metrics, dataset, seed, versions and git commit', async () => {
    const trials = await stores.tracking.runs({ parentRunId: first.runId })
    expect(trials.map(({ name }) => name).sort()).toEqual([
      'baseline 0',
      ...['gradient-boosting', 'logistic-regression', 'random-forest'].flatMap((name) =>
        [0, 1, 2].map((i) => `${name} ${i}`),
      ),
    ])
    const { dependencies, version } = manifestOf('package.json')
    for (const { id } of trials) {
      const trial = await stores.tracking.run(id)
      expect(trial.status).toBe('FINISHED')
      expect(trial.params).toMatchObject({ estimator: trial.name.split(' ')[0], 'search.seed': '42' })
      for (const name of ['accuracy', 'f1_macro', 'log_loss']) {
        expect(trial.metrics[`cv.${name}`]).toBeTypeOf('number')
        expect(await stores.tracking.metricHistory(id, `fold.${name}`)).toHaveLength(3)
      }
      expect(trial.datasets).toEqual([{ id: first.dataset.id, context: 'training' }])
      expect(trial.tags['bellwether.version']).toBe(version)
      expect(trial.tags['bellwether.node']).toBe(process.versions.node)
      expect(JSON.parse(trial.tags['bellwether.dependencies']!)).toEqual(dependencies)
    }
    const boosted = trials.filter(({ name }) => name.startsWith('gradient-boosting'))
    expect(new Set(boosted.map(({ params }) => JSON.stringify(params))).size).toBe(3)
  })

  test('the git commit of the folder that holds the project, where there is one', async () => {
    const here = await jsonOf<RunResult>(
      ['run', 'academic-risk', '--home', path.join(folder, 'in-git'), '--models', 'baseline', '--trials', '1'],
      1, // the baseline is not better than itself
    )
    const run = await jsonOf<RunDetail & { trials: string[] }>([
      ...['runs', 'show', here.runId, '--home', path.join(folder, 'in-git')],
    ])
    expect(run.tags['bellwether.git.commit']).toMatch(/^[0-9a-f]{40}$/)
    const trial = await jsonOf<RunDetail>(['runs', 'show', run.trials[0]!, '--home', path.join(folder, 'in-git')])
    expect(trial.tags['bellwether.git.commit']).toBe(run.tags['bellwether.git.commit'])
    expect(run.tags['bellwether.notes']).toMatch(/synthetic/i)
  })

  test('the run with its figures, the winner, and pictures that are SVG', async () => {
    const run = await stores.tracking.run(first.runId)
    expect(run).toMatchObject({
      status: 'FINISHED',
      parentRunId: null,
      params: {
        task: 'classification',
        'search.seed': '42',
        'split.seed': '42',
        'best.estimator': first.best.estimator,
      },
      datasets: [{ id: first.dataset.id, context: 'training' }],
    })
    for (const [name, value] of Object.entries(first.test)) expect(run.metrics[`test.${name}`]).toBe(value)
    const pictures = run.artifacts.filter(({ mediaType }) => mediaType === 'image/svg+xml')
    const names = pictures.map(({ path: name }) => name).join()
    for (const kind of ['confusion', 'roc', 'precision-recall', 'calibration', 'importance'])
      expect(names).toContain(kind)
    for (const { path: name, hash, sizeBytes } of pictures) {
      const bytes = await stores.blobs.get(hash)
      expect(bytes.length).toBe(sizeBytes)
      const svg = new TextDecoder().decode(bytes)
      expect(svg, name).toMatch(/^<svg[\s\S]*<\/svg>\s*$/)
      expect(svg, name).not.toMatch(/<script|NaN|undefined|Infinity/)
    }
  })

  test('a dataset version with its schema, its profile and its rows', async () => {
    const dataset = await stores.datasets.dataset(first.dataset.id)
    expect(dataset).toMatchObject({ nRows: 320, nRejected: 0, source: 'pupils.csv' })
    expect(Object.fromEntries(dataset.schema.columns.map(({ name, kind }) => [name, kind]))).toMatchObject({
      'student id': 'text',
      age: 'number',
      'mean grade': 'number',
      course: 'category',
      home: 'category',
      'fees paid': 'category',
      'enrolled on': 'date',
      outcome: 'category',
    })
    expect((await stores.blobs.get(dataset.blob)).length).toBeGreaterThan(1000)
  })
})

describe('a served prediction', () => {
  test('equals that of the library and that of `predict`, to the last bit', async () => {
    const found = await stores.models.byAlias('pupils', 'champion')
    const { pipeline, signature } = await readPackage(stores.blobs, found.files)
    const records = pupils.map(({ outcome: _, 'student id': __, ...inputs }) => inputs)
    const { table, allFaults } = recordsToTable(records, signature.inputs)
    expect(allFaults).toEqual([])
    const own = pipeline.predict(table)
    const { classes } = signature.target
    const expected = pupils.map((_, i) =>
      Object.fromEntries(classes.map((name, k) => [name, own[i * classes.length + k]])),
    )

    const { status, body } = await server.post<Predicted>('/api/v1/models/pupils/predict', { records })
    expect(status).toBe(200)
    expect(body.model).toEqual({ name: 'pupils', version: found.version, alias: 'champion' })
    expect(body.predictions.map(({ probabilities }) => probabilities)).toEqual(expected)

    const scored = await jsonOf<{ predictions: (ClassPrediction & { row: number })[]; rejected: number }>(
      inHome('predict', 'pupils', '--data', path.join(project, 'pupils.csv')),
    )
    expect(scored.rejected).toBe(0)
    expect(scored.predictions.map(({ probabilities }) => probabilities)).toEqual(expected)
    expect(scored.predictions.map(({ label }) => label)).toEqual(body.predictions.map(({ label }) => label))
  })

  test('is the same for a record alone as among others', async () => {
    const records = pupils.slice(0, 20)
    const together = await server.post<Predicted>('/api/v1/models/pupils/predict', { records })
    for (const [i, record] of records.entries()) {
      const alone = await server.post<Predicted>('/api/v1/models/pupils/predict', { records: [record] })
      const { id: _, ...answer } = alone.body.predictions[0]!
      expect(together.body.predictions[i]).toMatchObject(answer)
    }
  })

  test('adds up: probabilities to 1, contributions to the score, within 1e-9', async () => {
    for (const version of [1, 2]) {
      const { status, body } = await server.post<Predicted>(`/api/v1/models/pupils/versions/${version}/predict`, {
        records: pupils.slice(0, 40),
        explain: true,
      })
      expect(status).toBe(200)
      expect(body.model).toEqual({ name: 'pupils', version, alias: null })
      for (const { label, confidence, probabilities, explanation } of body.predictions) {
        expect(Object.keys(probabilities)).toEqual(['fail', 'pass', 'repeat'])
        const values = Object.values(probabilities)
        expect(Math.abs(values.reduce((sum, value) => sum + value, 0) - 1)).toBeLessThan(1e-12)
        // Labels are decided for macro F1: the most probable one as a rule, a rare one sooner.
        expect(probabilities[label]).toBe(confidence)
        const { base, total, contributions, score } = explanation!
        const sum = contributions.reduce((all, { contribution }) => all + contribution, base)
        expect(Math.abs(sum - total)).toBeLessThan(1e-9)
        expect(score).toContain(label)
      }
    }
  })

  test('takes rows as the file has them: what is not an input is passed over', async () => {
    const { status, body } = await server.post<Predicted>('/predict/v2', { records: pupils.slice(0, 3) })
    expect(status).toBe(200)
    expect(body.predictions).toHaveLength(3)
    const flat = await server.post<{ prediction: string; confidence: number; model: object }>('/predict', pupils[0])
    expect(flat.body).toMatchObject({
      prediction: body.predictions[0]!.label,
      confidence: body.predictions[0]!.confidence,
      model: { name: 'pupils', alias: 'champion' },
    })
  })

  test('of a value that training did not see is given with a warning; of a mistyped one is refused with its place', async () => {
    const seen: Pupil = { ...pupils[0]!, home: 'moon' }
    const scored = await server.post<Predicted>('/api/v1/models/pupils/predict', { records: [seen] })
    expect(scored.status).toBe(200)
    expect(scored.body.predictions[0]!.warnings).toEqual([
      { path: expect.stringContaining('home'), message: expect.any(String) },
    ])
    const refused = await server.post('/api/v1/models/pupils/predict', {
      records: [pupils[1], { ...seen, age: 'old' }],
    })
    expect(refused.status).toBe(400)
    expect(refused.body).toMatchObject({ error: 'INVALID_INPUT', details: [{ path: 'records[1].age' }] })
  })

  test('comes with a page, an API guide, and probes that say ready', async () => {
    for (const path of ['/', '/docs', '/openapi.json', '/health/live', '/health/ready', '/metrics'])
      expect((await server.get(path)).status, path).toBe(200)
    expect((await server.get('/openapi.json')).body).toMatchObject({ openapi: expect.stringMatching(/^3\.1\./) })
  })
})

describe('`predict` writes files', () => {
  test('of CSV, with a line for each row', async () => {
    const out = path.join(folder, 'scored.csv')
    const args = inHome('predict', 'pupils/2', '--data', path.join(project, 'pupils.csv'), '--out', out)
    const { stdout, status, stderr } = await bellwether(args)
    expect({ stdout, status }, stderr).toEqual({ stdout: '', status: 0 })
    const lines = readFileSync(out, 'utf8').trim().split('\n')
    expect(lines[0]).toBe('row,label,confidence,probability fail,probability pass,probability repeat,set')
    expect(lines).toHaveLength(321)
    rmSync(out)
    expect(await jsonOf(args)).toEqual({
      model: { name: 'pupils', version: 2 },
      out,
      rows: 320,
      scored: 320,
      rejected: 0,
      rejects: null,
      resumed: false,
    })
    expect(readFileSync(out, 'utf8').trim().split('\n')).toEqual(lines)
  })

  test('and tells of bad rows by number, with exit status 1', async () => {
    const bad = path.join(folder, 'bad.csv')
    const lines = readFileSync(path.join(project, 'pupils.csv'), 'utf8').split('\n').slice(0, 5)
    lines[2] = lines[2]!.replace(/^(P\d+),\d+/, '$1,old')
    writeFileSync(bad, `${lines.join('\n')}\n`)
    const scored = await jsonOf<{ predictions: { row: number }[]; rejected: number }>(
      inHome('predict', 'pupils', '--data', bad),
      1,
    )
    expect(scored.predictions.map(({ row }) => row)).toEqual([2, 4, 5])
    expect(scored.rejected).toBe(1)
  })
})

describe('`runs`', () => {
  test('are listed newest first, without the trials; trials by their run', async () => {
    const { runs } = await jsonOf<{ runs: Run[] }>(inHome('runs', 'list'))
    expect(runs.map(({ id }) => id)).toEqual([second.runId, first.runId])
    const trials = await jsonOf<{ runs: Run[] }>(inHome('runs', 'list', '--parent', first.runId.slice(0, 8)))
    expect(trials.runs).toHaveLength(10)
    const none = await jsonOf<{ runs: Run[] }>(inHome('runs', 'list', '--experiment', 'nothing'))
    expect(none.runs).toEqual([])
    expect(await textOf(inHome('runs', 'list', '--limit', '1'))).toContain(second.runId.slice(0, 8))
  })

  test('are shown with params, metrics, datasets and artifacts, by the start of their id', async () => {
    const run = await jsonOf<RunDetail>(inHome('runs', 'show', first.runId.slice(0, 8)))
    expect(run).toMatchObject({ id: first.runId, status: 'FINISHED', datasets: [{ id: first.dataset.id }] })
    const text = await textOf(inHome('runs', 'show', first.runId.slice(0, 8)))
    for (const word of [first.runId, first.dataset.id, 'search.seed', 'test.f1_macro', '.svg'])
      expect(text).toContain(word)
    const picture = run.artifacts.find(({ path: name }) => name.endsWith('.svg'))!
    const written = await bellwether(inHome('runs', 'show', first.runId, '--artifact', picture.path))
    expect(written.stdout).toMatch(/^<svg/)
  })

  test('are compared side by side', async () => {
    const { runs } = await jsonOf<{ runs: Run[] }>(inHome('runs', 'compare', first.runId, second.runId))
    expect(runs.map(({ id }) => id)).toEqual([first.runId, second.runId])
    expect(runs[0]!.metrics['test.accuracy']).toBe(first.test['accuracy'])
    const text = await textOf(inHome('runs', 'compare', first.runId.slice(0, 8), second.runId.slice(0, 8)))
    expect(text).toMatch(/search\.trials/)
    expect(text).toMatch(/test\.accuracy/)
  })

  test('that are not there are refused with status 2', async () => {
    const result = await bellwether(inHome('runs', 'show', 'ffffffffffff', '--json'))
    expect(result.status).toBe(2)
    expect(result.stdout).toBe('')
    expect(JSON.parse(result.stderr)).toMatchObject({ error: 'RUN_NOT_FOUND', hint: expect.any(String) })
  })
})

describe('`models`', () => {
  test('are listed and shown, a version with its files', async () => {
    const { models } = await jsonOf<{ models: RegisteredModel[] }>(inHome('models', 'list'))
    expect(models).toMatchObject([{ name: 'pupils', latestVersion: 2 }])
    const model = await jsonOf<{ versions: ModelVersion[] }>(inHome('models', 'show', 'pupils'))
    expect(model.versions.map(({ version }) => version)).toEqual([2, 1])
    const version = await jsonOf<ModelVersion>(inHome('models', 'show', 'pupils/1'))
    expect(version).toMatchObject({ runId: first.runId, datasetId: first.dataset.id, metrics: first.test })
    expect(version.files.map(({ path: name }) => name)).toEqual(expect.arrayContaining(['manifest.json']))
    expect(await textOf(inHome('models', 'list'))).toContain('pupils')
    expect(await textOf(inHome('models', 'show', 'pupils'))).toContain('random-forest')
    expect(await textOf(inHome('models', 'show', 'pupils@champion'))).toContain('sha256:')
  })

  test('an alias that the command line moves is seen by the running server; a rollback too', async () => {
    const answering = async () => {
      const { body } = await server.post<Predicted>('/api/v1/models/pupils/predict', { records: [pupils[0]] })
      return body.model.version
    }
    const soon = { timeout: 5_000, interval: 100 }
    await expect.poll(answering, soon).toBe(2)
    const promoted = await jsonOf<ModelVersion>(inHome('models', 'promote', 'pupils/1', '--reason', 'a test'))
    expect(promoted).toMatchObject({ version: 1, aliases: ['champion'] })
    await expect.poll(answering, soon).toBe(1)
    const restored = await jsonOf<ModelVersion>(inHome('models', 'rollback', 'pupils'))
    expect(restored).toMatchObject({ version: 2, aliases: ['champion'] })
    await expect.poll(answering, soon).toBe(2)
    expect(await textOf(inHome('models', 'promote', 'pupils/1', '--alias', 'challenger'))).toContain('challenger')
    await expect
      .poll(
        async () =>
          (await server.post<Predicted>('/api/v1/models/pupils/aliases/challenger/predict', { records: [pupils[0]] }))
            .body.model?.version,
        soon,
      )
      .toBe(1)
  })

  test('every change is in the history, and the ledger holds', async () => {
    const { entries } = await jsonOf<{ entries: LedgerEntry[] }>(inHome('models', 'history', 'pupils'))
    expect(entries.map(({ action, alias, from, to }) => [action, alias, from, to])).toEqual(
      expect.arrayContaining([
        ['version-created', null, null, 1],
        ['alias-set', 'champion', null, 1],
        ['alias-set', 'champion', 1, 2],
      ]),
    )
    expect(await textOf(inHome('models', 'history', 'pupils'))).toContain('alias-set')
    const verified = await jsonOf<{ entries: number; brokenAt: number | null }>(inHome('ledger', 'verify'))
    expect(verified.brokenAt).toBeNull()
    expect(verified.entries).toBeGreaterThanOrEqual(4)
    expect(await textOf(inHome('ledger', 'verify'))).toContain('holds')
  })
})

describe('`data`', () => {
  test('is listed, shown, added and validated', async () => {
    const { datasets } = await jsonOf<{ datasets: DatasetVersion[] }>(inHome('data', 'list'))
    expect(datasets.map(({ id }) => id)).toEqual([first.dataset.id])
    expect(await textOf(inHome('data', 'list'))).toContain(first.dataset.id.slice(0, 19))
    const shown = await jsonOf<DatasetVersion>(inHome('data', 'show', first.dataset.id.slice(0, 19)))
    expect(shown).toMatchObject({ id: first.dataset.id, nRows: 320 })
    expect(await textOf(inHome('data', 'show', first.dataset.id))).toContain('mean grade')
    const other = path.join(folder, 'data-home')
    const added = await jsonOf<{ id: string }>(['data', 'add', project, '--home', other])
    expect(added).toMatchObject({ id: first.dataset.id, rows: 320, rejected: 0 })
    expect(await textOf(['data', 'add', project, '--home', other])).toContain(first.dataset.id)
    expect((await jsonOf<{ datasets: unknown[] }>(['data', 'list', '--home', other])).datasets).toHaveLength(1)
    expect(await jsonOf(['data', 'validate', project])).toMatchObject({ rows: 320, rejected: 0, faults: [] })
    expect(await textOf(['data', 'validate', project])).toContain('320 rows accepted')
  })

  test('that breaks the schema is named by row, column and rule, written to the rejects file, with status 1', async () => {
    const bad = path.join(folder, 'broken.csv')
    const lines = readFileSync(path.join(project, 'pupils.csv'), 'utf8').trim().split('\n')
    lines[4] = lines[4]!.replace(/^(P\d+),\d+/, '$1,old')
    lines[9] = `${lines[9]},one more`
    writeFileSync(bad, `${lines.join('\n')}\n`)
    const rejects = path.join(folder, 'rejects.csv')
    const report = await jsonOf<{ faults: { row: number; column: string | null; rule: string }[] }>(
      ['data', 'validate', project, '--data', bad, '--rejects', rejects],
      1,
    )
    expect(report).toMatchObject({ rows: 318, rejected: 2 })
    expect(report.faults.map(({ row, column, rule }) => [row, column, rule])).toEqual([
      [5, 'age', 'type'],
      [10, null, 'malformed'],
    ])
    expect(readFileSync(rejects, 'utf8').trim().split('\n')).toHaveLength(3)
  })
})

describe('`init` and `schema`', () => {
  test('a project file is drafted for a table, and is never overwritten without --force', async () => {
    const table = path.join(project, 'pupils.csv')
    const made = path.join(folder, 'made')
    const drafted = await jsonOf(['init', '--data', table, '--target', 'outcome', '--out', made])
    expect(drafted).toMatchObject({ name: 'pupils', task: 'classification', file: path.join(made, 'bellwether.yaml') })
    expect(await jsonOf(['data', 'validate', made])).toMatchObject({ rows: 320 })
    expect((await bellwether(['init', '--data', table, '--target', 'age', '--out', made])).status).toBe(2)
    const text = await textOf(['init', '--data', table, '--target', 'mean grade', '--out', made, '--force'])
    expect(text).toContain('task: regression')
    expect(readdirSync(made)).toEqual(['bellwether.yaml'])
  })

  test('the project file has a JSON Schema', async () => {
    for (const args of [['schema'], ['schema', '--json']]) {
      const result = await bellwether(args)
      expect(result.status, result.stderr).toBe(0)
      expect(JSON.parse(result.stdout)).toMatchObject({ required: expect.arrayContaining(['name', 'task', 'data']) })
    }
  })
})

describe('with --json', () => {
  test('a wrong option is told of in one JSON document on standard error', async () => {
    const result = await bellwether(['runs', 'list', '--hoem', home, '--json'])
    expect(result).toMatchObject({ status: 2, stdout: '' })
    expect(JSON.parse(result.stderr)).toMatchObject({ error: 'USAGE', message: expect.stringContaining('--hoem') })
  })

  test('the server prints its address as one JSON document, its log goes to standard error', async () => {
    const own = await startServing(['serve', '--home', home, '--json'])
    const { status, stdout, stderr } = await own.stop()
    expect(status).toBe(0)
    expect(JSON.parse(stdout)).toEqual({ url: own.url })
    expect(stderr).toContain('stopping')
  })
})

test('what was answered is found on the command line, and a person is erased by what standard input says', async () => {
  const { body } = await server.post<{ id: string }>('/predict', pupils[0])
  const listed = await jsonOf<{ predictions: { id: string }[] }>([
    'predictions',
    'list',
    '--home',
    home,
    '--limit',
    '100000',
  ])
  expect(listed.predictions.map(({ id }) => id)).toContain(body.id)
  expect(await jsonOf(['predictions', 'erase', '--home', home, '--id', 'nobody'])).toEqual({ erased: 0 })
})

function manifestOf(file: string): { version: string; dependencies: Record<string, string> } {
  return JSON.parse(readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8'))
}
