import { createHash } from 'node:crypto'
import { readdirSync, readlinkSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type FetchOptions, fetchBytes, fetchToFile } from './outbound-http.ts'
import { isPublicAddress } from './private-address.ts'

const routes: Record<string, RequestListener> = {
  '/ok': (_, response) => response.setHeader('content-type', 'text/csv').end('a;b\n'),
  '/moved': (_, response) => response.writeHead(302, { location: '/ok' }).end(),
  '/loop': (_, response) => response.writeHead(302, { location: '/loop' }).end(),
  '/file': (_, response) => response.writeHead(302, { location: 'file:///etc/hostname' }).end(),
  '/missing': (_, response) => response.writeHead(404).end('no'),
  '/large': (_, response) => response.end(Buffer.alloc(5000)),
  '/endless': (_, response) => {
    const timer = setInterval(() => response.write(Buffer.alloc(1000)), 1)
    response.on('close', () => clearInterval(timer))
  },
  '/broken': (_, response) => {
    response.writeHead(200, { 'content-length': '100' }).write('part')
    setTimeout(() => response.destroy(), 20)
  },
  '/silent': () => {},
  '/headers': (request, response) => response.end(JSON.stringify(request.headers)),
}

let server: Server
let base = ''
beforeAll(async () => {
  server = createServer((request, response) => routes[request.url ?? '']!(request, response)).listen(0, '127.0.0.1')
  await new Promise((done) => server.once('listening', done))
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})

const options: FetchOptions = { maxBytes: 2000, timeoutMs: 5000, allowPrivate: true }

describe('a document', () => {
  test('is fetched, across a redirect, from the address that the name stands for', async () => {
    const { bytes, url, contentType } = await fetchBytes(`${base}/moved`, options)
    expect(Buffer.from(bytes).toString()).toBe('a;b\n')
    expect({ url, contentType }).toEqual({ url: `${base}/ok`, contentType: 'text/csv' })
    const byName = base.replace('127.0.0.1', 'localhost')
    await expect(fetchBytes(`${byName}/ok`, options)).resolves.toMatchObject({ url: `${byName}/ok` })
  })

  test('is asked for without cookies or credentials', async () => {
    const { bytes } = await fetchBytes(`${base}/headers`, options)
    expect(Object.keys(JSON.parse(Buffer.from(bytes).toString())).sort()).toEqual([
      'accept',
      'accept-encoding',
      'connection',
      'host',
      'user-agent',
    ])
  })

  test.each([
    ['/loop', 'URL_REFUSED'],
    ['/file', 'URL_REFUSED'],
    ['/missing', 'DOWNLOAD_FAILED'],
    ['/large', 'DOWNLOAD_TOO_LARGE'],
    ['/endless', 'DOWNLOAD_TOO_LARGE'],
  ])('at %s is refused with %s', async (route, code) => {
    await expect(fetchBytes(base + route, options)).rejects.toMatchObject({ code })
  })

  test('that breaks off is not taken for whole', async () => {
    await expect(fetchBytes(`${base}/broken`, options)).rejects.toMatchObject({
      code: expect.stringMatching(/NETWORK_UNAVAILABLE|DOWNLOAD_FAILED/),
    })
  })

  test('that does not come in time is given up', async () => {
    await expect(fetchBytes(`${base}/silent`, { ...options, timeoutMs: 100 })).rejects.toMatchObject({
      code: 'NETWORK_UNAVAILABLE',
    })
  })

  test('is given up when the caller cancels', async () => {
    const signal = AbortSignal.timeout(50)
    await expect(fetchBytes(`${base}/silent`, { ...options, signal })).rejects.toMatchObject({ code: 'CANCELLED' })
  })
})

describe('an address', () => {
  test.each([
    'ftp://example.org/x',
    'file:///etc/hostname',
    'no address',
    'http://user:secret@example.org/',
    'http://127.0.0.1/',
    'http://2130706433/',
    'http://0x7f.1/',
    'http://[::1]/',
    'http://[::ffff:127.0.0.1]/',
    'http://169.254.169.254/latest/meta-data',
    'http://10.1.2.3/',
    'http://localhost/',
  ])('%s is refused', async (url) => {
    const error = await fetchBytes(url, { ...options, allowPrivate: false }).catch((caught: unknown) => caught)
    expect(error).toMatchObject({ code: 'URL_REFUSED' })
    expect(String((error as Error).message)).not.toContain('secret')
  })

  test('that redirects to a private one is refused where it stands', async () => {
    await expect(fetchBytes(`${base}/moved`, { ...options, allowPrivate: false })).rejects.toMatchObject({
      code: 'URL_REFUSED',
    })
  })

  test('that nothing listens at, or no name server knows, says that the network is not there', async () => {
    await expect(fetchBytes('http://127.0.0.1:1/', options)).rejects.toMatchObject({ code: 'NETWORK_UNAVAILABLE' })
    await expect(fetchBytes('http://does-not-exist.invalid/', options)).rejects.toMatchObject({
      code: 'NETWORK_UNAVAILABLE',
    })
  })

  test.each([
    ['8.8.8.8', true],
    ['172.32.0.1', true],
    ['2606:4700:4700::1111', true],
    ['172.16.0.1', false],
    ['172.31.255.255', false],
    ['192.168.1.1', false],
    ['100.64.0.1', false],
    ['0.0.0.0', false],
    ['224.0.0.1', false],
    ['255.255.255.255', false],
    ['::', false],
    ['fe80::1%eth0', false],
    ['fc00::1', false],
    ['::ffff:8.8.8.8', false],
    ['64:ff9b::7f00:1', false],
    ['2002:7f00:1::', false],
    ['2001:db8::1', false],
    ['nonsense', false],
  ])('%s is public: %s', (address, isPublic) => {
    expect(isPublicAddress(address)).toBe(isPublic)
  })
})

describe('a document for a file', () => {
  /** Descriptors of this process that are open on a file; Linux tells. */
  const openOn = (file: string) =>
    readdirSync('/proc/self/fd').filter((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`).startsWith(file)
      } catch {
        return false // closed meanwhile: the descriptor of the listing itself
      }
    }).length

  test.runIf(process.platform === 'linux')(
    'is written with its hash, and the file is let go of when the document breaks off or is too large',
    async () => {
      const folder = await mkdtemp(path.join(tmpdir(), 'bellwether-fetch-file-'))
      try {
        const file = path.join(folder, 'document')
        const { sha256, sizeBytes } = await fetchToFile(`${base}/ok`, file, options)
        expect([await readFile(file, 'utf8'), sizeBytes]).toEqual(['a;b\n', 4])
        expect(sha256).toBe(createHash('sha256').update('a;b\n').digest('hex'))
        const failures = [
          ['/broken', 'NETWORK_UNAVAILABLE'],
          ['/endless', 'DOWNLOAD_TOO_LARGE'],
        ] as const
        for (const [route, code] of failures)
          await expect(fetchToFile(`${base}${route}`, file, options)).rejects.toMatchObject({ code })
        const held = await readFile(file).then(() => openOn(file))
        expect(held).toBe(0)
      } finally {
        await rm(folder, { recursive: true, force: true })
      }
    },
  )
})
