import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { FilePredictionLog } from '../../store/prediction-log/file-prediction-log.ts'
import { tableToRecords } from '../../table/table-to-records.ts'
import { buildApp } from '../app.ts'
import { ServedHome } from '../testing/served-home.ts'
import { optionsFor } from '../testing/test-server.ts'
import { LogLine } from './log-line.ts'

/** What no line may hold, wherever a client put it. */
const MARK = 'CANARY7361'

let served: ServedHome
let log: FilePredictionLog
beforeAll(async () => {
  served = await ServedHome.make()
  await served.register({})
  log = await FilePredictionLog.open(path.join(served.folder, 'predictions'), { clock: Date.now })
})
afterAll(async () => {
  await log.close()
  await served.remove()
})

test('no line of the log holds what a client sent, on any route, and every line has the one form', async () => {
  const lines: string[] = []
  const { app, routes } = await buildApp(
    optionsFor(served, lines, { predictionLog: log, limits: { requestTimeoutMs: 3_600_000 } }),
  )
  await app.ready()
  const { students } = await served.register({ name: 'other' })
  const [record] = tableToRecords(students.table, students.schema.columns)
  const marked = { ...record, Age: MARK, City: MARK, [MARK]: MARK, Student: MARK }
  const bodies: readonly [string, string][] = [
    ['application/json', JSON.stringify({ records: [record, marked], explain: true, onError: 'partial' })],
    [
      'application/json',
      JSON.stringify({ ...marked, identifier: MARK, name: MARK, role: MARK, reason: MARK, path: MARK }),
    ],
    [
      'application/json',
      JSON.stringify({ dataframe_records: [marked], instances: [marked], inputs: [{ name: MARK, data: [MARK] }] }),
    ],
    ['application/json', JSON.stringify({ outcomes: [{ predictionId: MARK, label: MARK, person: MARK }] })],
    ['application/json', `{"${MARK}": ${MARK}`],
    ['text/csv', `Age,City,${MARK}\n${MARK},${MARK},"${MARK}\n`],
    [
      'text/csv',
      `${Object.keys(record!).join(',')}\n${Object.keys(record!)
        .map(() => MARK)
        .join(',')}\n`,
    ],
    [`application/${MARK}`, MARK],
  ]
  const send = (method: string, url: string, type?: string, payload?: string) =>
    app.inject({
      method: method as 'POST',
      url,
      headers: {
        host: 'localhost:8000',
        'user-agent': MARK,
        'x-request-id': MARK,
        authorization: `Bearer ${MARK}`,
        cookie: MARK,
        ...(type ? { 'content-type': type } : {}),
      },
      ...(payload === undefined ? {} : { payload }),
    })
  let answered = 0
  for (const { method, url } of routes()) {
    if (method === 'HEAD') continue
    for (const name of [MARK, 'risk']) {
      const filled = `${url.replace(/:name\b/, name).replace(/\*|:\w+/g, MARK)}?${MARK}=${MARK}&filter=${MARK}&path=${MARK}`
      const plain = filled.slice(0, filled.indexOf('?'))
      if (method === 'GET' || method === 'DELETE') {
        await send(method, filled)
        await send(method, plain)
        answered += 2
      } else {
        for (const [type, body] of bodies) {
          await send(method, plain, type, body)
          answered++
        }
      }
    }
  }
  await send('GET', `/${MARK}/../${MARK}`)
  await send('POST', `/predict%00${MARK}`, 'application/json', MARK)
  await app.close()
  expect(answered).toBeGreaterThan(300)
  const answers = lines.filter((line) => line.includes('"request answered"') || line.includes('"request failed"'))
  expect(answers.length).toBeGreaterThan(answered * 0.9)
  expect(lines.filter((line) => line.includes(MARK))).toEqual([])
  for (const line of lines) {
    const parsed = LogLine.safeParse(JSON.parse(line))
    expect(parsed.error?.issues, line).toBeUndefined()
    expect(line.trimEnd()).not.toContain('\n')
  }
  // The log would tell of them if it could: the requests did fail, each with its code.
  expect(lines.some((line) => line.includes('"code":"INVALID_INPUT"'))).toBe(true)
}, 120_000)
