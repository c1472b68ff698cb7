import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Home } from '../../store/open-home.ts'
import type { ServedHome } from './served-home.ts'
import { type Answer, appFor } from './test-server.ts'

/** What MLflow's clients are answered over HTTP, on a home with any database. */
export function runMlflowSuite(
  database: string,
  open: () => Promise<{ readonly home: Home; readonly folder: string; remove(): Promise<void> }>,
): void {
  describe(`${database}: MLflow's routes`, () => {
    let home: Home
    let close: () => Promise<void>
    let call: (method: 'GET' | 'POST' | 'PUT' | 'DELETE', url: string, body?: unknown) => Promise<Answer>
    const post = (url: string, body: unknown) => call('POST', `/api/2.0/mlflow/${url}`, body)
    const get = (url: string) => call('GET', `/api/2.0/mlflow/${url}`)

    beforeAll(async () => {
      const opened = await open()
      home = opened.home
      const { app, ask } = await appFor(opened as unknown as ServedHome)
      call = (method, url, body) => ask(method, url, body === undefined ? {} : { body })
      close = async () => {
        await app.close()
        await home.close()
        await opened.remove()
      }
    })
    afterAll(() => close?.())

    async function newRun(experiment = '0', name?: string): Promise<string> {
      const answer = await post('runs/create', { experiment_id: experiment, run_name: name, start_time: '5' })
      return answer.json().run.info.run_id as string
    }

    describe('the wire', () => {
      test('errors have a code and a message, and no SQL', async () => {
        await post('experiments/create', { name: 'twice' })
        const again = await post('experiments/create', { name: 'twice' })
        expect(again.status).toBe(400)
        expect(again.json()).toEqual({
          error_code: 'RESOURCE_ALREADY_EXISTS',
          message: 'Experiment(name=twice) already exists.',
        })
        expect((await get('experiments/get-by-name?experiment_name=none')).json().error_code).toBe(
          'RESOURCE_DOES_NOT_EXIST',
        )
        const unknown = await get('no/such/thing')
        expect([unknown.status, unknown.json().error_code]).toEqual([404, 'ENDPOINT_NOT_FOUND'])
      })

      test('a number is quoted as it was sent, and what is missing is named', async () => {
        const bad = await post('experiments/create', '{"name": "x", "artifact_location": 9.0}')
        expect(bad.json().message).toContain("Invalid value 9.0 for parameter 'artifact_location'")
        expect((await post('experiments/create', '{not json')).json().message).toContain(
          "Missing value for required parameter 'name'",
        )
        const metric = await post('runs/log-batch', { run_id: 'x', metrics: [{ key: 'a', value: 1 }] })
        expect(metric.json().message).toContain("Missing value for required parameter 'metrics[0].timestamp'")
      })

      test('whole numbers may come as texts, and run_uuid is run_id', async () => {
        const id = await newRun()
        expect((await post('runs/set-tag', { run_uuid: id, key: 'k', value: 'v' })).status).toBe(200)
        expect((await get(`runs/get?run_uuid=${id}`)).json().run.info).toMatchObject({ start_time: 5, run_uuid: id })
      })

      test('the paths of the user interface answer as those of programs do, with errors in the same form', async () => {
        const id = await newRun()
        const twin = await call('GET', `/ajax-api/2.0/mlflow/runs/get?run_id=${id}`)
        expect(twin.text).toBe((await get(`runs/get?run_id=${id}`)).text)
        expect((await call('GET', '/ajax-api/3.0/mlflow/server-info')).status).toBe(200)
        const unknown = await call('GET', '/ajax-api/2.0/mlflow/nothing')
        expect([unknown.status, unknown.json().error_code]).toEqual([404, 'ENDPOINT_NOT_FOUND'])
        expect((await call('GET', '/ajax-api/2.0/mlflow/metrics/get-history-bulk')).json().error_code).toBe(
          'INVALID_PARAMETER_VALUE',
        )
      })

      test('the probes answer plain text', async () => {
        expect((await call('GET', '/health')).text).toBe('OK')
        expect((await call('GET', '/version')).text).toMatch(/^\d+\.\d+\.\d+$/)
        expect((await call('GET', '/api/3.0/mlflow/server-info')).json()).toEqual({
          store_type: 'SqlStore',
          workspaces_enabled: false,
          trace_archival_enabled: false,
          multipart_uploads_enabled: false,
          multipart_downloads_enabled: false,
          presigned_upload_run_id_supported: true,
          presigned_upload_model_id_supported: true,
          features_enabled: { gateway: false },
        })
      })
    })

    describe('runs', () => {
      test('metrics that are not finite come back as texts, and the latest is that of the largest step', async () => {
        const id = await newRun()
        for (const [value, step] of [
          ['NaN', 0],
          [1, 7],
          [2, 3],
        ])
          await post('runs/log-metric', { run_id: id, key: 'm', value, timestamp: 1, step })
        await post('runs/log-metric', { run_id: id, key: 'far', value: '-Infinity', timestamp: 1 })
        const { metrics } = (await get(`runs/get?run_id=${id}`)).json().run.data
        expect(metrics).toEqual([
          { key: 'far', value: '-Infinity', timestamp: 1, step: 0 },
          { key: 'm', value: 1, timestamp: 1, step: 7 },
        ])
        const history = (await get(`metrics/get-history?run_id=${id}&metric_key=m`)).json().metrics
        expect(history.map((metric: { value: unknown }) => metric.value)).toEqual(['NaN', 2, 1])
      })

      test('a param is written once, and a deleted run takes nothing', async () => {
        const id = await newRun()
        expect((await post('runs/log-parameter', { run_id: id, key: 'p', value: '1' })).status).toBe(200)
        expect((await post('runs/log-parameter', { run_id: id, key: 'p', value: '1' })).status).toBe(200)
        const changed = await post('runs/log-parameter', { run_id: id, key: 'p', value: '2' })
        expect([changed.status, changed.json().error_code]).toEqual([400, 'INVALID_PARAMETER_VALUE'])
        await post('runs/delete', { run_id: id })
        expect((await post('runs/set-tag', { run_id: id, key: 'k', value: 'v' })).json().message).toContain(
          'must be in',
        )
      })

      test('what our own store records is an MLflow run, and the other way round', async () => {
        const own = await home.tracking.ensureExperiment('own', 1)
        const run = await home.tracking.createRun({ experimentId: own.id, name: 'ours', startTime: 1 })
        await home.tracking.logBatch(run.id, {
          params: { a: '1' },
          metrics: [{ key: 'f1', value: 0.5, step: 0, timestamp: 1 }],
        })
        expect((await get(`runs/get?run_id=${run.id}`)).json().run.data.params).toEqual([{ key: 'a', value: '1' }])
        const theirs = await newRun(own.id, 'theirs')
        expect((await home.tracking.run(theirs)).name).toBe('theirs')
      })
    })

    describe('search', () => {
      let experiment: string
      beforeAll(async () => {
        experiment = (await post('experiments/create', { name: 'search' })).json().experiment_id
        for (const [name, acc, kind] of [
          ['a', 0.1, 'x'],
          ['b', 0.9, 'y'],
          ['c', 'NaN', 'x'],
          ['d', null, 'y'],
          ['e', 0.5, null],
        ] as const) {
          const id = await newRun(experiment, name)
          if (acc !== null) await post('runs/log-metric', { run_id: id, key: 'acc', value: acc, timestamp: 1 })
          if (kind !== null) await post('runs/log-parameter', { run_id: id, key: 'kind', value: kind })
        }
      })
      const names = async (filter: string, orderBy: readonly string[] = ['run_name']) => {
        const answer = await post('runs/search', { experiment_ids: [experiment], filter, order_by: orderBy })
        if (answer.status !== 200) throw new Error(answer.text)
        return ((answer.json().runs ?? []) as { info: { run_name: string } }[])
          .map(({ info }) => info.run_name)
          .join('')
      }

      test.each([
        ["metrics.acc > 0.2 AND params.kind = 'y'", 'b'],
        ["metrics.acc > 0.2 OR params.kind = 'x'", 'abce'],
        ["NOT params.kind = 'x'", 'bde'],
        ["params.kind != 'x'", 'bd'],
        ["(run_name = 'a' OR run_name = 'b') AND NOT (metrics.acc < 0.5)", 'b'],
        ["run_name IN ('a', 'd')", 'ad'],
        ["run_name NOT IN ('a', 'd')", 'bce'],
        ["params.kind IN ('y')", 'bd'],
        ['params.kind IS NULL', 'e'],
        ["run_name LIKE 'A'", ''],
        ["run_name ILIKE 'A'", 'a'],
        ["params.kind = 'x''; DROP TABLE runs; --'", ''],
      ])('%s', async (filter, expected) => expect(await names(filter)).toBe(expected))

      test('numbers come before NaN, and NaN before what is missing, in both directions', async () => {
        expect(await names('', ['metrics.acc DESC'])).toBe('beacd')
        expect(await names('', ['metrics.acc ASC'])).toBe('aebcd')
      })

      test('pages follow each other without a gap or a twin, across the phases of an order by a metric', async () => {
        for (const order of [['metrics.acc DESC'], ['run_name DESC'], [], ['params.kind', 'metrics.acc']]) {
          const whole = (await post('runs/search', { experiment_ids: [experiment], order_by: order })).json().runs
          const paged: unknown[] = []
          let token: string | undefined
          do {
            const page = (
              await post('runs/search', {
                experiment_ids: [experiment],
                order_by: order,
                max_results: 2,
                page_token: token,
              })
            ).json()
            paged.push(...page.runs)
            token = page.next_page_token
          } while (token)
          expect(paged).toEqual(whole)
        }
      })

      test('a token is good for its own query alone', async () => {
        const page = (await post('runs/search', { experiment_ids: [experiment], max_results: 1 })).json()
        for (const page_token of ['nonsense', 'W10', page.next_page_token]) {
          const other = await post('runs/search', { experiment_ids: ['0'], max_results: 1, page_token })
          expect([other.status, other.json().error_code]).toEqual([400, 'INVALID_PARAMETER_VALUE'])
        }
      })

      test('a clause that many values satisfy gives the same as one that few do', async () => {
        const id = (await post('experiments/create', { name: 'many' })).json().experiment_id
        const ids = [await newRun(id, 'one'), await newRun(id, 'two')]
        for (const run of ids) await post('runs/log-metric', { run_id: run, key: 'rare', value: 1, timestamp: 1 })
        const found = await post('runs/search', {
          experiment_ids: [id],
          filter: 'metrics.rare = 1 AND metrics.rare < 2',
        })
        expect(found.json().runs).toHaveLength(2)
      })
    })

    describe('artifacts', () => {
      test('are put, listed, fetched and deleted by name, and are those of our own run', async () => {
        const id = await newRun()
        const base = `/api/2.0/mlflow-artifacts/artifacts/0/${id}/artifacts`
        const bytes = Buffer.from([0, 1, 2, 255])
        expect((await call('PUT', `${base}/deep/a%20b.bin`, bytes)).status).toBe(200)
        const listed = (await get(`artifacts/list?run_id=${id}&path=deep`)).json()
        expect(listed.files).toEqual([{ path: 'deep/a b.bin', is_dir: false, file_size: 4 }])
        const fetched = await call('GET', `${base}/deep/a%20b.bin`)
        expect(fetched.headers).toMatchObject({ 'content-length': '4', 'x-content-type-options': 'nosniff' })
        expect((await home.tracking.run(id)).artifacts.map(({ path: name }) => name)).toEqual(['deep/a b.bin'])
        await call('DELETE', `${base}/deep`)
        expect((await call('GET', `${base}/deep/a%20b.bin`)).json()).toMatchObject({
          error_code: 'RESOURCE_DOES_NOT_EXIST',
        })
      })

      test.each([
        '..%2fx',
        'a/..%2f..%2fx',
        'a%5c..%5cx',
        'a/%00',
        '%252e%252e/x',
        'C:%5cx',
        'file:%2f%2f%2fetc/passwd',
      ])('the path %s is refused', async (name) => {
        const answer = await call('PUT', `/api/2.0/mlflow-artifacts/artifacts/${name}`, Buffer.from('x'))
        expect(answer.status).toBe(400)
        expect(answer.json()).toEqual({ error_code: 'INVALID_PARAMETER_VALUE', message: 'Invalid path' })
      })
    })

    describe('the registry', () => {
      test('stages, aliases and deletions are entries of the ledger, and the chain is whole', async () => {
        await post('registered-models/create', { name: 'Müller model' })
        const source = 'mlflow-artifacts:/0/models/m-1/artifacts'
        await call(
          'PUT',
          '/api/2.0/mlflow-artifacts/artifacts/0/models/m-1/artifacts/MLmodel',
          Buffer.from('flavors: {}'),
        )
        const made = await post('model-versions/create', { name: 'Müller model', source })
        expect(made.json().model_version).toMatchObject({ version: '1', current_stage: 'None', source })
        await post('registered-models/alias', { name: 'Müller model', alias: 'champion', version: '1' })
        await post('model-versions/transition-stage', { name: 'Müller model', version: '1', stage: 'production' })
        const own = await home.models.version('Müller model', 1)
        expect(own).toMatchObject({ source, aliases: ['champion'], files: [{ path: 'MLmodel', sizeBytes: 11 }] })
        await call('DELETE', '/api/2.0/mlflow/model-versions/delete', { name: 'Müller model', version: '1' })
        const history = await home.models.history('Müller model')
        expect(history.map(({ action }) => action)).toEqual([
          'version-created',
          'alias-set',
          'stage-set',
          'alias-removed',
          'version-deleted',
        ])
        expect((await home.models.verifyLedger()).brokenAt).toBeNull()
        expect(
          (await post('model-versions/create', { name: 'Müller model', source })).json().model_version.version,
        ).toBe('2')
      })

      test.each([
        'file:///etc/passwd',
        '/etc/passwd',
        'C:\\x',
        'mlflow-artifacts:/a/../b',
        'https://host/a/%252e%252e/b',
        's3://b/..%2fx',
        'mlflow-artifacts:relative',
      ])('the source %s is refused', async (source) => {
        await post('registered-models/create', { name: 'sources' })
        const answer = await post('model-versions/create', { name: 'sources', source })
        expect([answer.status, answer.json().error_code]).toEqual([400, 'INVALID_PARAMETER_VALUE'])
      })

      test('versions of the same number are in the order of their names', async () => {
        for (const name of ['order b', 'order a']) await post('registered-models/create', { name })
        for (const name of ['order a', 'order b'])
          await post('model-versions/create', { name, source: 'mlflow-artifacts:/x' })
        const query = `filter=${encodeURIComponent("name LIKE 'order%'")}&order_by=${encodeURIComponent('version_number DESC')}`
        const found = (await get(`model-versions/search?${query}`)).json().model_versions
        expect(found.map(({ name }: { name: string }) => name)).toEqual(['order a', 'order b'])
      })

      test('prompts are left out by the clause that clients add, and only they', async () => {
        await post('registered-models/create', {
          name: 'prompt',
          tags: [{ key: 'mlflow.prompt.is_prompt', value: 'true' }],
        })
        const filter = encodeURIComponent("tag.`mlflow.prompt.is_prompt` != 'true' AND name LIKE '%pr%'")
        expect((await get(`registered-models/search?filter=${filter}`)).json()).toEqual({})
        const all = encodeURIComponent("tag.`mlflow.prompt.is_prompt` != 'true' AND name = 'sources'")
        expect((await get(`registered-models/search?filter=${all}`)).json().registered_models).toHaveLength(1)
      })
    })
  })
}
