import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { fetchBytes } from './outbound-http.ts'

/** What the name server says, one answer after another; the last one stays. */
const answers = vi.hoisted(() => ({ list: [] as string[][], asked: 0 }))
vi.mock('node:dns/promises', () => ({
  lookup: async () => {
    const now = answers.list[Math.min(answers.asked++, answers.list.length - 1)]!
    return now.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
  },
}))

let server: http.Server
let reached = 0
let port: number
beforeAll(async () => {
  server = http.createServer((_, response) => {
    reached++
    response.end('internal')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  port = (server.address() as AddressInfo).port
})
afterEach(() => {
  answers.asked = 0
  reached = 0
})
afterAll(() => server.close())

const get = (allowPrivate: boolean) =>
  fetchBytes(`http://rebind.example:${port}/`, { maxBytes: 1000, timeoutMs: 2000, allowPrivate })

test.each([['127.0.0.1'], ['::1'], ['::ffff:127.0.0.1'], ['64:ff9b::7f00:1'], ['fe80::1'], ['169.254.169.254']])(
  'a name that stands for %s is refused, and nothing is asked there',
  async (address) => {
    answers.list = [[address]]
    await expect(get(false)).rejects.toMatchObject({ code: 'URL_REFUSED' })
    expect(reached).toBe(0)
  },
)

test('a name that stands for a public address and a private one is refused', async () => {
  for (const both of [
    ['8.8.8.8', '127.0.0.1'],
    ['2606:4700:4700::1111', '::1'],
  ]) {
    answers.list = [both]
    await expect(get(false)).rejects.toMatchObject({ code: 'URL_REFUSED' })
  }
  expect(reached).toBe(0)
})

test('a name is resolved once: the connection goes to what was judged, whatever the name server says next', async () => {
  answers.list = [['127.0.0.1'], ['192.0.2.1']]
  const { bytes } = await get(true)
  expect(Buffer.from(bytes).toString()).toBe('internal')
  expect([answers.asked, reached]).toEqual([1, 1])
})
