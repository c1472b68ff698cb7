import { readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { ulid } from 'ulid'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { LOOPBACK } from '../security/principal.ts'
import type { ClassPrediction } from '../serve/prediction.ts'
import { FilePredictionLog } from '../store/prediction-log/file-prediction-log.ts'
import { tableToRecords } from '../table/table-to-records.ts'
import { buildApp } from './app.ts'
import { startServer } from './start-server.ts'
import { ServedHome } from './testing/served-home.ts'
import { type Ask, appFor, optionsFor } from './testing/test-server.ts'

let served: ServedHome
let log: FilePredictionLog
let ask: Ask
let records: Record<string, unknown>[]
let csv: string
const BATCH = '/api/v1/models/risk/batch'

beforeAll(async () => {
  served = await ServedHome.make()
  const { students } = await served.register({})
  records = tableToRecords(students.table, students.schema.columns)
  log = await FilePredictionLog.open(path.join(served.folder, 'predictions'), { clock: Date.now })
  ask = (await appFor(served, { predictionLog: log })).ask
  csv = toCsv(records)
})
afterAll(async () => {
  await log.close()
  await served.remove()
})

function toCsv(rows: readonly Record<string, unknown>[]): string {
  const names = Object.keys(rows[0]!)
  return [names, ...rows.map((row) => names.map((name) => row[name] ?? ''))]
    .map((line) => `${line.join(',')}\n`)
    .join('')
}

const send = (body: string | Buffer, url = BATCH, headers: Record<string, string> = {}) =>
  ask('POST', url, { body, headers: { 'content-type': 'text/csv', ...headers } })
const folders = () => readdirSync(tmpdir()).filter((name) => name.startsWith('bellwether-batch-'))
const linesOf = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as ClassPrediction & { row: number; error?: string; details?: { path: string }[] })

describe('a batch over HTTP', () => {
  test('answers each row as /predict does, to the last bit, and keeps it in the prediction log', async () => {
    const before = new Set(folders())
    const predicted = await ask('POST', '/api/v1/models/risk/predict', { body: { records } })
    const expected: ClassPrediction[] = predicted.json().predictions
    const answer = await send(csv, `${BATCH}?format=jsonl`)
    expect(answer.status, answer.text).toBe(200)
    expect(answer.headers['content-type']).toBe('application/x-ndjson')
    expect(answer.headers['x-bellwether-rows']).toBe(String(records.length))
    const lines = linesOf(answer.text)
    const plain = ({ label, confidence, probabilities, set }: ClassPrediction) => ({
      label,
      confidence,
      probabilities,
      set,
    })
    expect(lines.map(plain)).toEqual(expected.map(plain))
    expect(lines.map(({ row }) => row)).toEqual(records.map((_, i) => i + 2))

    const kept = new Map<string, string>()
    for await (const entry of log.entries({ ids: new Set(lines.map(({ id }) => id)) }))
      kept.set(entry.id, JSON.stringify(entry.features))
    expect(kept.size).toBe(records.length)
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(folders().filter((name) => !before.has(name))).toEqual([])
  })

  test('takes CSV, packed CSV and JSON lines, and gives CSV and Parquet', async () => {
    const asCsv = await send(csv)
    expect(asCsv.text.split('\n')[0]).toMatch(/^row,id,label,confidence,probability /)
    const column = (text: string) =>
      text
        .trimEnd()
        .split('\n')
        .map((line) => line.split(',').slice(2).join(','))
    const packed = await send(gzipSync(csv), BATCH, { 'content-encoding': 'gzip' })
    expect(column(packed.text)).toEqual(column(asCsv.text))
    const jsonLines = records.map((record) => `${JSON.stringify(record)}\n`).join('')
    const fromJson = await send(jsonLines, `${BATCH}?format=csv`, { 'content-type': 'application/x-ndjson' })
    expect(column(fromJson.text)).toEqual(column(asCsv.text))
    const parquet = await send(csv, `${BATCH}?format=parquet`)
    expect(parquet.status).toBe(200)
    expect(parquet.text.slice(0, 4)).toBe('PAR1')
  })

  test('leaves bad rows in their place, with what is wrong and without their values', async () => {
    const [header, first, second] = csv.split('\n')
    const bad = `${header}\n${first}\n${second!.replace(/^[^,]*/, 'CANARY')}\ntoo,few\n${first}\n`
    const lines = linesOf((await send(bad, `${BATCH}?format=jsonl`)).text)
    expect(lines.map(({ row, error }) => [row, error])).toEqual([
      [2, undefined],
      [3, 'INVALID_INPUT'],
      [4, 'INVALID_INPUT'],
      [5, undefined],
    ])
    expect(lines[1]!.details![0]!.path).toBe('Age')
    const asCsv = await send(bad)
    expect(asCsv.text.split('\n')[2]).toMatch(/^3,.*,"?Age: /)
    expect(asCsv.text).not.toContain('CANARY')
  })

  test('goes on after the last row that came', async () => {
    const whole = linesOf((await send(csv, `${BATCH}?format=jsonl`)).text)
    const rest = linesOf((await send(csv, `${BATCH}?format=jsonl&after=100`)).text)
    expect(rest.map(({ row, probabilities }) => [row, probabilities])).toEqual(
      whole.filter(({ row }) => row > 100).map(({ row, probabilities }) => [row, probabilities]),
    )
    expect((await send(csv, `${BATCH}?after=100000`)).text.trimEnd().split('\n')).toHaveLength(1)
  })

  test('copies columns, explains, and escapes formulas where that is asked for', async () => {
    const two = `${csv.split('\n').slice(0, 2).join('\n')}\n`.replace(/^/, 'Note,').replace('\n', '\n=1+1,')
    // An unknown column of the file is nothing to the model.
    const noted = await send(two, `${BATCH}?include=Note&spreadsheet=true`)
    expect(noted.status, noted.text).toBe(200)
    expect(noted.text.split('\n')[1]).toContain(",'=1+1,")
    const [explained] = linesOf((await send(csv, `${BATCH}?format=jsonl&explain=true`)).text)
    expect(explained!.explanation!.contributions.length).toBeGreaterThan(3)
  })

  test.each([
    ['of an unknown type', 'a,b\n1,2\n', { 'content-type': 'application/json' }, '', 415, 'UNSUPPORTED_MEDIA_TYPE'],
    [
      'in another charset',
      'a,b\n1,2\n',
      { 'content-type': 'text/csv; charset=utf-16' },
      '',
      415,
      'UNSUPPORTED_MEDIA_TYPE',
    ],
    ['that is empty', '', {}, '', 400, 'INVALID_INPUT'],
    ['without a column that the model needs', 'a,b\n1,2\n', {}, '', 400, 'INVALID_INPUT'],
    ['with a quote that stays open', 'a,b\n1,"2\n', {}, '', 400, 'INVALID_INPUT'],
    ['that is no UTF-8', Buffer.from([97, 44, 98, 10, 0xff, 0xfe, 0xfd, 10]), {}, '', 400, 'INVALID_INPUT'],
    ['that is no Parquet', 'PAR1', { 'content-type': 'application/vnd.apache.parquet' }, '', 400, 'INVALID_INPUT'],
    ['that is no gzip', 'plain', { 'content-encoding': 'gzip' }, '', 400, 'INVALID_INPUT'],
    ['packed in another way', 'plain', { 'content-encoding': 'br' }, '', 415, 'UNSUPPORTED_MEDIA_TYPE'],
    ['with an unknown parameter', 'a,b\n1,2\n', {}, '?from=1', 400, 'INVALID_INPUT'],
    ['with a column to include that it lacks', 'a,b\n1,2\n', {}, '?include=CANARY', 400, 'INVALID_INPUT'],
  ])('refuses a table %s', async (_, body, headers, query, status, code) => {
    const answer = await send(body as string, `${BATCH}${query}`, headers as Record<string, string>)
    expect({ status: answer.status, code: answer.json().error }, answer.text).toEqual({ status, code })
    expect(answer.text).not.toMatch(/bellwether-batch|body\.csv|\/tmp/)
  })

  test('refuses what is larger than the limit, and a model that is not there', async () => {
    const { ask: small } = await appFor(served, { limits: { batchBytes: 2000 } })
    const large = await small('POST', BATCH, { body: csv, headers: { 'content-type': 'text/csv' } })
    expect(large.status).toBe(413)
    const bomb = gzipSync(Buffer.alloc(1_000_000, 'a'))
    expect(bomb.length).toBeLessThan(2000)
    const unpacked = await small('POST', BATCH, {
      body: bomb,
      headers: { 'content-type': 'text/csv', 'content-encoding': 'gzip' },
    })
    expect({ status: unpacked.status, code: unpacked.json().error }).toEqual({ status: 413, code: 'BODY_TOO_LARGE' })
    expect((await send(csv, '/api/v1/models/none/batch')).status).toBe(404)
    expect((await send(csv, `${BATCH}?version=99`)).status).toBe(404)
  })

  test('is coarse for keys whose probabilities are', async () => {
    const { app } = await buildApp(optionsFor(served, []))
    app.addHook('preHandler', (request, _reply, done) => {
      request.principal = { ...LOOPBACK, probabilities: 'withheld' }
      done()
    })
    await app.ready()
    const answer = await app.inject({
      method: 'POST',
      url: `${BATCH}?format=jsonl`,
      headers: { host: 'localhost:8000', 'content-type': 'text/csv' },
      payload: csv,
    })
    expect(answer.statusCode, answer.body).toBe(200)
    const [line] = linesOf(answer.body)
    expect(Object.keys(line!)).toEqual(['row', 'id', 'label', 'set', 'warnings'])
    await app.close()
  })
})

test('a client that hangs up ends its batch, and nothing of it stays', async () => {
  const before = new Set(folders())
  const lines: string[] = []
  const server = await startServer({ ...optionsFor(served, lines), port: 0, newId: () => ulid() })
  try {
    const many = csv + csv.slice(csv.indexOf('\n') + 1).repeat(400)
    const controller = new AbortController()
    const response = await fetch(`${server.url}${BATCH}`, {
      method: 'POST',
      headers: { 'content-type': 'text/csv' },
      body: many,
      signal: controller.signal,
    })
    expect(response.status).toBe(200)
    const reader = response.body!.getReader()
    await reader.read()
    controller.abort()
    await reader.read().catch(() => {})
    await expect.poll(() => folders().filter((name) => !before.has(name)), { timeout: 20_000 }).toEqual([])
    // The server goes on as before.
    expect((await fetch(`${server.url}/health/live`)).status).toBe(200)
  } finally {
    await server.close()
  }
}, 60_000)
