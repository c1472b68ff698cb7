import { randomBytes } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { UPLOAD_LIFE_MS } from '../../track/multipart-uploads.ts'
import { ServedHome } from '../testing/served-home.ts'
import { type Answer, appFor } from '../testing/test-server.ts'

const FOLDER = '0/m/artifacts'
const HOUR = 60 * 60 * 1000

describe('uploads in parts and signed addresses', { timeout: 60_000 }, () => {
  let served: ServedHome
  let call: (
    method: 'GET' | 'PUT' | 'POST',
    url: string,
    body?: unknown,
    headers?: Record<string, string>,
  ) => Promise<Answer>
  let guarded: typeof call
  let key: string
  let now = Date.now()
  const closing: (() => Promise<unknown>)[] = []

  beforeAll(async () => {
    served = await ServedHome.make()
    const open = await appFor(served, { clock: () => now, authentication: 'off' })
    closing.push(() => open.app.close())
    call = (method, url, body, headers) => open.ask(method, url, { body, ...(headers ? { headers } : {}) })
    const { app, ask } = await appFor(served, { clock: () => now, authentication: 'on' })
    closing.push(() => app.close())
    guarded = (method, url, body, headers) => ask(method, url, { body, ...(headers ? { headers } : {}) })
    const made = await call('POST', '/api/v1/keys', { name: 'trainer', role: 'trainer' })
    key = made.json().key
  })
  beforeEach(() => {
    now += HOUR
  })
  afterAll(async () => {
    for (const close of closing) await close()
    await served.remove()
  })

  const mpu = (what: string, body: object) => call('POST', `/api/2.0/mlflow-artifacts/mpu/${what}/${FOLDER}`, body)
  /** The address without its origin, as `inject` wants it. */
  const local = (url: string) => url.slice('http://localhost:8000'.length)
  const fetched = async (name: string) => {
    const kept = await served.home.mlflow.artifacts.get(`${FOLDER}/${name}`)
    return Buffer.from(await served.home.blobs.get(kept.hash))
  }
  const blobs = async () => {
    const names = await readdir(path.join(served.home.folder, 'blobs'), { recursive: true })
    return names.filter((name) => name.length > 60).length
  }

  async function begin(name: string, parts: number) {
    const made = (await mpu('create', { path: `/home/ana/${name}`, num_parts: parts })).json()
    const urls = made.credentials.map(({ url }: { url: string }) => local(url)) as string[]
    return { id: made.upload_id as string, urls }
  }
  const sent = async (url: string, bytes: Buffer) => {
    const { status, headers } = await call('PUT', url, bytes)
    expect(status).toBe(200)
    return headers['etag'] as string
  }

  test('parts that come in any order, one of them twice, become one file, and nothing else is left', async () => {
    const before = await blobs()
    const content = randomBytes(250_000)
    const { id, urls } = await begin('big.bin', 3)
    const third = await sent(urls[2]!, content.subarray(200_000))
    await sent(urls[0]!, randomBytes(10))
    const first = await sent(urls[0]!, content.subarray(0, 100_000))
    const second = await sent(urls[1]!, content.subarray(100_000, 200_000))
    const parts = [first, second, third].map((etag, index) => ({ part_number: index + 1, etag, url: 'ignored' }))
    const ending = { path: 'elsewhere/big.bin', upload_id: id, parts }
    expect((await mpu('complete', ending)).text).toBe('{}')
    expect(await fetched('big.bin')).toEqual(content)
    expect(await blobs()).toBe(before + 1)
    // A client that heard nothing asks again.
    expect((await mpu('complete', ending)).status).toBe(200)
    expect((await call('PUT', urls[0]!, Buffer.from('late'))).status).toBe(404)
    await mpu('abort', { path: 'big.bin', upload_id: id })
    expect(await fetched('big.bin')).toEqual(content)
  })

  test('two uploads of the same bytes do not disturb each other', async () => {
    const content = randomBytes(5000)
    const uploads = await Promise.all([begin('one.bin', 1), begin('two.bin', 1)])
    for (const { urls } of uploads) await sent(urls[0]!, content)
    await mpu('abort', { path: 'one.bin', upload_id: uploads[0].id })
    const parts = [{ part_number: 1, etag: null }]
    expect((await mpu('complete', { path: 'two.bin', upload_id: uploads[1].id, parts })).status).toBe(200)
    expect(await fetched('two.bin')).toEqual(content)
  })

  test.each([
    ['a part that did not come', [1, 2], 'Part 2 did not arrive'],
    ['a gap', [2], 'expected part 1, got 2'],
    ['no part', [], 'one part at least'],
  ])('an end that names %s is refused, and the upload goes on', async (_, numbers, message) => {
    const { id, urls } = await begin('refused.bin', 2)
    const etag = await sent(urls[0]!, Buffer.from('first'))
    const parts = numbers.map((part_number) => ({ part_number, etag: '' }))
    const answer = await mpu('complete', { path: 'refused.bin', upload_id: id, parts })
    expect([answer.status, answer.json().error_code]).toEqual([400, 'INVALID_PARAMETER_VALUE'])
    expect(answer.json().message).toContain(message)
    const wrong = [{ part_number: 1, etag: `"${'0'.repeat(64)}"` }]
    expect((await mpu('complete', { path: 'refused.bin', upload_id: id, parts: wrong })).status).toBe(400)
    const right = [{ part_number: 1, etag }]
    expect((await mpu('complete', { path: 'refused.bin', upload_id: id, parts: right })).status).toBe(200)
  })

  test('an upload that broke off goes on with the parts that are missing', async () => {
    const { id, urls } = await begin('resumed.bin', 3)
    await sent(urls[1]!, Buffer.from('b'))
    const again = (await mpu('create', { path: 'resumed.bin', num_parts: 3, upload_id: id })).json()
    expect(again.upload_id).toBe(id)
    expect(again.credentials.map(({ part_number }: { part_number: number }) => part_number)).toEqual([1, 3])
    const elsewhere = await mpu('create', { path: 'other.bin', num_parts: 3, upload_id: id })
    expect([elsewhere.status, elsewhere.json().error_code]).toEqual([404, 'RESOURCE_DOES_NOT_EXIST'])
  })

  test('what nobody ends is removed after a day', async () => {
    const { id, urls } = await begin('left.bin', 1)
    const before = await blobs()
    await sent(urls[0]!, randomBytes(100))
    expect(await blobs()).toBe(before + 1)
    const { MultipartUploads } = await import('../../track/multipart-uploads.ts')
    const uploads = new MultipartUploads({
      artifacts: served.home.mlflow.artifacts,
      blobs: served.home.blobs,
      maxBytes: 1000,
      mediaTypeOf: () => 'application/octet-stream',
    })
    await uploads.sweep(now + UPLOAD_LIFE_MS)
    expect((await call('PUT', urls[0]!, Buffer.from('x'))).status).toBe(200)
    await uploads.sweep(now + UPLOAD_LIFE_MS + 1)
    expect(await blobs()).toBeLessThanOrEqual(before)
    expect((await mpu('abort', { path: 'left.bin', upload_id: id })).status).toBe(404)
  })

  test.each([
    ['..', 400],
    ['num_parts', 400],
    ['version', 400],
  ])('an upload that could not end is not begun (%s)', async (what, status) => {
    const url = (folder: string) => `/api/2.0/mlflow-artifacts/mpu/create/${folder}`
    const answers = {
      '..': () => call('POST', url('a/..%2f..%2fetc'), { path: 'x', num_parts: 1 }),
      num_parts: () => mpu('create', { path: 'x', num_parts: 10_001 }),
      version: () => call('POST', url('registry/m/1'), { path: 'x', num_parts: 1 }),
    }
    expect((await answers[what as keyof typeof answers]()).status).toBe(status)
  })

  test('a part needs its own address: no key, another number or upload, or a later time is refused before a byte is read', async () => {
    const { urls } = await begin('signed.bin', 2)
    const [first, second] = urls as [string, string]
    const bare = first.slice(0, first.indexOf('?'))
    for (const url of [bare, `${bare}?${second.split('?')[1]}`, first.replace('expires=1', 'expires=2')]) {
      const answer = await call('PUT', url, Buffer.from('x'))
      expect([answer.status, answer.json().error_code]).toEqual([403, 'PERMISSION_DENIED'])
    }
    now += UPLOAD_LIFE_MS + 2000
    expect((await call('PUT', first, Buffer.from('x'))).json().message).toContain('expired')
  })

  test('an address without a key puts or fetches one file of a run where keys are needed', async () => {
    const withKey = { authorization: `Bearer ${key}` }
    const made = await guarded('POST', '/api/2.0/mlflow/runs/create', { experiment_id: '0' }, withKey)
    const runId = made.json().run.info.run_id as string
    const ask = (what: string, body: object, headers = withKey) =>
      guarded(
        'POST',
        `/api/2.0/mlflow/artifacts/presigned-${what}-url`,
        { run_id: runId, path: 'a b/ü.bin', ...body },
        headers,
      )
    const put = (await ask('upload', {})).json().presigned_url as string
    const content = Buffer.from('0123456789')
    expect((await guarded('PUT', local(put), content)).status).toBe(200)
    const found = (await ask('download', { expiration: 60 })).json()
    expect(found.file_size).toBe(10)
    const url = local(found.presigned_url)
    expect((await guarded('GET', url)).text).toBe('0123456789')
    // Not for the other method, another path, or after its time.
    expect((await guarded('PUT', url, content)).status).toBe(403)
    expect((await guarded('GET', url.replace('%C3%BC', 'u'))).status).toBe(403)
    expect((await ask('download', { expiration: 0 })).status).toBe(400)
    expect((await ask('download', { model_id: 'm-1' })).status).toBe(400)
    expect((await ask('download', {}, {} as never)).status).toBe(401)
    now += 62_000
    expect((await guarded('GET', url)).status).toBe(403)
  })

  test.each([
    ['bytes=0-3', 206, '0123', 'bytes 0-3/10'],
    ['bytes=4-', 206, '456789', 'bytes 4-9/10'],
    ['bytes=-3', 206, '789', 'bytes 7-9/10'],
    ['bytes=8-100', 206, '89', 'bytes 8-9/10'],
    ['bytes=3-1', 200, '0123456789', undefined],
    ['bytes=0-1,4-5', 200, '0123456789', undefined],
    ['lines=0-1', 200, '0123456789', undefined],
  ])('a range of a file: %s', async (range, status, text, contentRange) => {
    const url = `/api/2.0/mlflow-artifacts/artifacts/${FOLDER}/ten.txt`
    await call('PUT', url, Buffer.from('0123456789'))
    const answer = await call('GET', url, undefined, { range })
    expect([answer.status, answer.text, answer.headers['content-range']]).toEqual([status, text, contentRange])
    expect(answer.headers['accept-ranges']).toBe('bytes')
    // The same file, or all of another.
    const etag = answer.headers['etag'] as string
    expect((await call('GET', url, undefined, { range, 'if-range': etag })).status).toBe(status)
    expect((await call('GET', url, undefined, { range, 'if-range': '"other"' })).text).toBe('0123456789')
  })

  test('a range beyond the end of a file is 416, and says how long it is', async () => {
    const url = `/api/2.0/mlflow-artifacts/artifacts/${FOLDER}/three.txt`
    await call('PUT', url, Buffer.from('abc'))
    const answer = await call('GET', url, undefined, { range: 'bytes=3-5' })
    expect([answer.status, answer.headers['content-range']]).toEqual([416, 'bytes */3'])
  })
})
