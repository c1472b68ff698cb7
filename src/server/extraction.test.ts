import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createKey, KeyOptions } from '../security/manage-keys.ts'
import { ExtractionSettings } from '../serve/extraction/extraction-settings.ts'
import type { TypedApp } from './route-types.ts'
import type { ServerOptions } from './server-options.ts'
import { type RegisteredForTest, ServedHome } from './testing/served-home.ts'
import { recordOf } from './testing/students.ts'
import { type Ask, appFor } from './testing/test-server.ts'

const MESSAGE = 'a model is asked as by one who copies it'
let served: ServedHome
let risk: RegisteredForTest
let app: TypedApp
let ask: Ask
let lines: string[]
let now = Date.UTC(2026, 0, 1)

const open = async (options: Partial<ServerOptions> = {}) => {
  ;({ app, ask, lines } = await appFor(served, { clock: () => now, authentication: 'on', ...options }))
}
const keyOf = async (role: KeyOptions['role']) => {
  const { key } = await createKey(served.home.keys, KeyOptions.parse({ name: role, role }), { actor: 'test', now })
  now += 60_000
  return { 'x-api-key': key }
}

beforeAll(async () => {
  served = await ServedHome.make()
  risk = await served.register({
    name: 'risk',
    project: { serving: { actionable: { 'Average grade': { direction: 'up' } } } },
  })
})
afterEach(() => app?.close())
afterAll(() => served.remove())

/** A student, and the same with one grade after another. */
function* sweep(): Generator<Record<string, unknown>> {
  for (let student = 0; student < 15; student++)
    for (let step = 0; step < 20; step++)
      yield { ...recordOf(risk.students, student), 'Average grade': step + student / 50 }
}
const alertsIn = (written: readonly string[]) =>
  written.filter((line) => line.includes(MESSAGE)).map((line) => JSON.parse(line))

type Way = (record: Record<string, unknown>, headers: Record<string, string>) => Promise<{ status: number }>
const WAYS: Readonly<Record<string, Way>> = {
  'our protocol': (record, headers) =>
    ask('POST', '/api/v1/models/risk/predict', { body: { records: [record] }, headers }),
  'the flat form': (record, headers) => ask('POST', '/predict', { body: record, headers }),
  MLflow: (record, headers) => ask('POST', '/invocations', { body: { dataframe_records: [record] }, headers }),
  'the Open Inference Protocol': (record, headers) =>
    ask('POST', '/v2/models/risk/infer', { body: { inputs: tensorsOf(record) }, headers }),
}

function tensorsOf(record: Record<string, unknown>) {
  return Object.entries(record)
    .filter(([, value]) => value !== null)
    .map(([name, value]) => ({
      name,
      shape: [1, 1],
      datatype: typeof value === 'number' ? 'FP64' : typeof value === 'boolean' ? 'BOOL' : 'BYTES',
      data: [value],
    }))
}

describe('who sweeps one field of a model', () => {
  test.each(Object.keys(WAYS))(
    'by %s is told of in the log, the metrics and the audit log, and answered',
    async (name) => {
      await open({ defaultModel: 'risk' })
      const [attacker, admin] = [await keyOf('predictor'), await keyOf('admin')]
      for (const record of sweep()) expect((await WAYS[name]!(record, attacker)).status).toBe(200)

      const alerts = alertsIn(lines)
      expect(alerts).toEqual([
        expect.objectContaining({
          level: 'warn',
          caller: expect.stringMatching(/^key:/),
          model: 'risk',
          version: 1,
          rule: 'one-field-sweep',
          request: expect.any(String),
        }),
      ])
      const metrics = await ask('GET', '/metrics', { headers: admin })
      expect(metrics.text).toContain('bellwether_extraction_alerts_total{model="risk",rule="one-field-sweep"} 1')
      // The audit log is written once a second, and when the server closes.
      await app.close()
      const [entry] = await served.home.audit.entries({ limit: 1 })
      expect(entry).toMatchObject({
        action: 'extraction-suspected',
        actor: alerts[0].caller,
        subject: 'risk/1',
        address: '127.0.0.1',
        detail: expect.stringMatching(/^one-field-sweep: \d+ % of \d+ records/),
      })
      await open()
      const audit = await ask('GET', '/api/v1/audit?limit=1', { headers: admin })
      expect(audit.json().entries[0].action).toBe('extraction-suspected')
    },
  )

  test('is known by his address where he needs no key; the log does not show it', async () => {
    await open({ authentication: 'off' })
    for (const record of sweep()) await WAYS['our protocol']!(record, {})
    const [alert] = alertsIn(lines)
    expect(alert).toMatchObject({ caller: 'an address without a key', rule: 'one-field-sweep' })
    expect(JSON.stringify(alert)).not.toContain('127.0.0.1')
  })

  test('is refused with 429 where the settings say so, what-ifs included, and others are not', async () => {
    await open({ extraction: ExtractionSettings.parse({ refuse: true }) })
    const [attacker, other] = [await keyOf('predictor'), await keyOf('adviser')]
    const statuses = []
    for (const record of sweep()) statuses.push((await WAYS['our protocol']!(record, attacker)).status)
    expect(new Set(statuses)).toEqual(new Set([200, 429]))
    const record = recordOf(risk.students, 1)
    const refused = await ask('POST', '/api/v1/models/risk/what-if', { body: { record }, headers: attacker })
    expect([refused.status, refused.json().error]).toEqual([429, 'EXTRACTION_SUSPECTED'])
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0)
    expect((await ask('GET', '/api/v1/models', { headers: attacker })).status).toBe(200)
    expect((await WAYS['our protocol']!(record, other)).status).toBe(200)
    now += 3_600_000
    expect((await WAYS['our protocol']!(record, attacker)).status).toBe(200)
  })

  test('is not watched where the settings say so', async () => {
    await open({ extraction: ExtractionSettings.parse({ watch: false }) })
    const attacker = await keyOf('predictor')
    for (const record of sweep()) await WAYS['our protocol']!(record, attacker)
    expect(alertsIn(lines)).toEqual([])
  })
})

test('what-ifs of an adviser, hundreds of changes of one field, raise nothing', async () => {
  await open()
  const adviser = await keyOf('adviser')
  let tried = 0
  for (let student = 0; student < 100; student++) {
    const record = recordOf(risk.students, student)
    const answer = await ask('POST', '/api/v1/models/risk/what-if', { body: { record }, headers: adviser })
    expect(answer.status, answer.text).toBe(200)
    tried += answer.json().search.asked
    await WAYS['our protocol']!(record, adviser)
  }
  expect(tried).toBeGreaterThan(400)
  expect(alertsIn(lines)).toEqual([])
})
