import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { TypedApp } from './route-types.ts'
import { ServedHome } from './testing/served-home.ts'
import { recordOf, students } from './testing/students.ts'
import { type Answer, type Ask, appFor } from './testing/test-server.ts'

let served: ServedHome
let app: TypedApp
let ask: Ask
let lines: string[]

beforeAll(async () => {
  served = await ServedHome.make()
  await served.register({ name: 'risk' })
  ;({ app, ask, lines } = await appFor(served, { limits: { bodyBytes: 20_000 } }))
})

afterAll(async () => {
  await app.close()
  await served.remove()
})

function expectError(answer: Answer, status: number, code: string): void {
  expect([answer.status, answer.json().error]).toEqual([status, code])
  expect(answer.headers['content-type']).toMatch(/^application\/json/)
  const document = answer.json()
  expect(Object.keys(document).toSorted()).toEqual(['details', 'error', 'hint', 'message'])
  expect(document.message).not.toBe('')
  expect(document.hint).not.toBe('')
  for (const detail of document.details) expect(Object.keys(detail)).toEqual(['path', 'message'])
}

describe('every error has the same shape', () => {
  const id = '/api/v1/models/risk/predict'

  test.each([
    ['GET', '/nothing', 404, 'ROUTE_NOT_FOUND'],
    ['GET', '/api/v1/nothing', 404, 'ROUTE_NOT_FOUND'],
    ['POST', '/', 405, 'METHOD_NOT_ALLOWED'],
    ['GET', id, 405, 'METHOD_NOT_ALLOWED'],
    ['DELETE', '/api/v1/models/risk', 405, 'METHOD_NOT_ALLOWED'],
    ['OPTIONS', id, 405, 'METHOD_NOT_ALLOWED'],
    ['GET', '/api/v1/models/%zz', 400, 'MALFORMED_REQUEST'],
    ['GET', `/api/v1/models/${'a'.repeat(300)}`, 404, 'ROUTE_NOT_FOUND'],
    ['GET', '/api/v1/models/other', 404, 'MODEL_NOT_FOUND'],
    ['GET', '/api/v1/models/risk/versions/9', 404, 'VERSION_NOT_FOUND'],
    ['GET', '/api/v1/models/risk/versions/one', 400, 'INVALID_INPUT'],
    ['GET', '/api/v1/models/risk/versions/-1', 400, 'INVALID_INPUT'],
    ['GET', '/api/v1/runs?limit=0', 400, 'INVALID_INPUT'],
    ['GET', '/api/v1/runs?limits=5', 400, 'INVALID_INPUT'],
    ['GET', '/api/v1/runs/compare', 400, 'INVALID_INPUT'],
    ['GET', '/api/v1/runs/compare?ids=,', 400, 'INVALID_INPUT'],
    ['GET', '/api/v1/runs/01AAAAAAAAAAAAAAAAAAAAAAAA', 404, 'RUN_NOT_FOUND'],
    ['GET', '/api/v1/datasets/sha256:00', 404, 'DATASET_NOT_FOUND'],
  ] as const)('%s %s is %i %s', async (method, url, status, code) => {
    expectError(await ask(method, url), status, code)
  })

  test('405 says which methods there are', async () => {
    expect((await ask('GET', id)).headers['allow']).toBe('POST')
    expect((await ask('DELETE', '/api/v1/models')).headers['allow']).toBe('GET, HEAD')
  })

  test.each([
    ['an empty body', '', 400, 'MALFORMED_JSON'],
    ['a body that ends early', '{"records": [', 400, 'MALFORMED_JSON'],
    ['words', 'records=1', 400, 'MALFORMED_JSON'],
    ['two documents', '{} {}', 400, 'MALFORMED_JSON'],
    ['a prototype', '{"records": [{"__proto__": {"admin": true}}]}', 400, 'MALFORMED_JSON'],
    ['a prototype by escape', '{"records": [{"\\u005f\\u005fproto__": {"admin": true}}]}', 400, 'MALFORMED_JSON'],
    ['a prototype of a constructor', '{"records": [{"constructor": {"prototype": {}}}]}', 400, 'MALFORMED_JSON'],
    ['NaN', '{"records": [{"Age": NaN}]}', 400, 'MALFORMED_JSON'],
    ['bytes that are no UTF-8', Buffer.from([0x22, 0xc3, 0x28, 0x22]), 400, 'MALFORMED_JSON'],
    ['a body beyond the limit', JSON.stringify({ records: ['a'.repeat(20_000)] }), 413, 'BODY_TOO_LARGE'],
    ['null', 'null', 400, 'INVALID_INPUT'],
    ['a list', '[]', 400, 'INVALID_INPUT'],
    ['records that are none', '{"records": {}}', 400, 'INVALID_INPUT'],
    ['nesting without end', `{"records": [${'['.repeat(9_000)}${']'.repeat(9_000)}]}`, 400, 'INVALID_INPUT'],
    [
      'a record that nests without end',
      `{"records": [{"Age": ${'{"a":'.repeat(3_000)}1${'}'.repeat(3_000)}}]}`,
      400,
      'INVALID_INPUT',
    ],
  ])('%s is refused', async (_, body, status, code) => {
    const answer = await ask('POST', id, { body: Buffer.isBuffer(body) ? body : Buffer.from(body) })
    expectError(answer, status, code)
  })

  test('a body that is no JSON is named by place, not by content', async () => {
    const { message } = (await ask('POST', id, { body: Buffer.from('{"records": [SECRET]}') })).json()
    expect(message).toMatch(/^The body is not valid JSON/)
    expect(message).not.toContain('SECRET')
    expect((await ask('POST', id, { body: Buffer.from('{"records": [1 2]}') })).json().message).toBe(
      'The body is not valid JSON: line 1, column 16.',
    )
  })

  test.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/json; charset=latin1',
    'text/json',
    '',
  ])('content type "%s" is 415', async (type) => {
    const response = await app.inject({
      method: 'POST',
      url: id,
      headers: { host: 'localhost:8000', ...(type === '' ? {} : { 'content-type': type }) },
      payload: '{"records":[]}',
    })
    expect([response.statusCode, response.json().error]).toEqual([415, 'UNSUPPORTED_MEDIA_TYPE'])
  })

  test('application/json with UTF-8 named is taken, and so is a byte order mark', async () => {
    expect(
      (
        await ask('POST', id, {
          body: Buffer.from('{"records":[]}'),
          headers: { 'content-type': 'application/json; charset="UTF-8"' },
        })
      ).status,
    ).toBe(200)
    expect((await ask('POST', id, { body: Buffer.from('\ufeff{"records":[]}') })).status).toBe(200)
  })

  test.each([
    [{ version: 1 }, 'body.reason'],
    [{ version: 1, reason: '  ' }, 'body.reason'],
    [{ version: 1.5, reason: 'x' }, 'body.version'],
    [{ version: 1, reason: 'x', actor: 'someone else' }, 'body'],
  ])('promote with %j names %s', async (body, path) => {
    const answer = await ask('POST', '/api/v1/models/risk/promote', { body })
    expectError(answer, 400, 'INVALID_INPUT')
    expect(answer.json().details[0].path).toBe(path)
  })

  test('promote to a version that is not there, with an alias that is none, and a rollback with nothing before are told apart', async () => {
    expectError(
      await ask('POST', '/api/v1/models/risk/promote', { body: { version: 7, reason: 'x' } }),
      404,
      'VERSION_NOT_FOUND',
    )
    expectError(
      await ask('POST', '/api/v1/models/risk/promote', { body: { version: 1, reason: 'x', alias: '../x' } }),
      400,
      'INVALID_NAME',
    )
    expectError(
      await ask('POST', '/api/v1/models/risk/rollback', { body: { reason: 'x' } }),
      409,
      'NOTHING_TO_ROLL_BACK',
    )
  })
})

describe('a fault of the server', () => {
  test('is INTERNAL with the request id, and neither message nor stack; the log has where it happened, without the message', async () => {
    const { tracking } = served.home
    const broken = {
      ...served.home,
      tracking: Object.assign(Object.create(tracking), {
        run: () => Promise.reject(new TypeError('SECRET of /home/someone')),
      }),
    }
    const { app: other, ask: askOther, lines: log } = await appFor(served, { stores: broken })
    const answer = await askOther('GET', '/api/v1/runs/01AAAAAAAAAAAAAAAAAAAAAAAA')
    expectError(answer, 500, 'INTERNAL')
    const requestId = answer.headers['x-request-id'] as string
    expect(answer.json().message).toContain(requestId)
    expect(answer.text).not.toMatch(/SECRET|someone| at /)
    const line = log.map((text) => JSON.parse(text)).find(({ level }) => level === 'error')
    expect(line).toMatchObject({ request: requestId, err: { type: 'TypeError' } })
    expect(line.err.stack[0]).toMatch(/^at /)
    expect(log.join()).not.toContain('SECRET')
    await other.close()
  })

  test('of the disk keeps its code and hides the place', async () => {
    const { BellwetherError } = await import('../errors.ts')
    const broken = {
      ...served.home,
      datasets: Object.assign(Object.create(served.home.datasets), {
        datasets: () => Promise.reject(new BellwetherError('STORAGE_FULL', '/var/data/x: no space left')),
      }),
    }
    const { app: other, ask: askOther } = await appFor(served, { stores: broken })
    const answer = await askOther('GET', '/api/v1/datasets')
    expectError(answer, 507, 'STORAGE_FULL')
    expect(answer.text).not.toContain('/var/data')
    await other.close()
  })
})

describe('what a client sent', () => {
  const CANARY = 'canary7f3a'

  test('is in no error and no log line, wherever it stood', async () => {
    const record = recordOf(students('classification'), 0)
    const before = lines.length
    const answers = [
      await ask('POST', '/api/v1/models/risk/predict', {
        body: { records: [{ ...record, City: CANARY, Course: CANARY }, { ...record, Age: CANARY }, CANARY] },
      }),
      await ask('POST', '/api/v1/models/risk/predict', { body: { records: CANARY, explain: CANARY, onError: CANARY } }),
      await ask('POST', '/api/v1/models/risk/predict', {
        body: { records: [{ ...record, Age: CANARY }], onError: 'partial' },
      }),
      await ask('POST', '/predict', { body: { ...record, Enrolled: CANARY } }),
      await ask('POST', '/predict', { body: Buffer.from(`{"Age": ${CANARY}}`) }),
      await ask('POST', '/predict', { body: Buffer.from(`{"City": "${CANARY}`) }),
      await ask('GET', `/api/v1/runs?limit=${CANARY}`),
      await ask('GET', `/${CANARY}?x=${CANARY}`),
      await ask('GET', '/health/live', { headers: { host: CANARY } }),
      await ask('POST', '/predict', { body: record, headers: { origin: `http://${CANARY}` } }),
      await ask('GET', `/%zz${CANARY}`),
    ]
    for (const answer of answers) expect(answer.text).not.toContain(CANARY)
    await ask('POST', '/api/v1/models/risk/predict', { body: { records: [{ ...record, City: CANARY }] } })
    await ask('POST', '/api/v1/models/risk/predict', {
      body: { records: [{ ...record, City: CANARY }], explain: true },
    })
    expect(lines.length).toBeGreaterThan(before + 8)
    expect(lines.join()).not.toContain(CANARY)
  })
})
