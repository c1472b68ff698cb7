import { randomBytes } from 'node:crypto'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { codeOfAsync } from '../../../test/support/code-of.ts'
import { HEAD_BYTES, isSealed, keyIdOf, rewrapHead, sealBytes, unseal, unsealBytes } from './container.ts'
import { keyRingFromEnvironment, parseKeyRing } from './key-ring.ts'

const key = () => randomBytes(32).toString('hex')
const old = key()
const ring = parseKeyRing([old], 'test')

test.each([0, 1, 65_535, 65_536, 65_537, 200_000])('%i bytes come back as they were', async (n) => {
  const content = randomBytes(n)
  const sealed = await sealBytes(content, ring, 'blob a')
  expect(isSealed(sealed)).toBe(true)
  expect(isSealed(content)).toBe(false)
  expect(Buffer.compare(await unsealBytes(sealed, ring, 'blob a'), content)).toBe(0)
})

test('the pieces in which bytes arrive change nothing', async () => {
  const content = randomBytes(150_000)
  const sealed = await sealBytes(content, ring, 'x')
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 80_000 }), { minLength: 1, maxLength: 12 }), async (sizes) => {
      const pieces: Buffer[] = []
      for (let at = 0, i = 0; at < sealed.length; i++) {
        const size = sizes[i % sizes.length]!
        pieces.push(sealed.subarray(at, at + size))
        at += size
      }
      const plain: Buffer[] = []
      for await (const part of unseal(pieces, ring, 'x')) plain.push(part)
      expect(Buffer.compare(Buffer.concat(plain), content)).toBe(0)
    }),
    { numRuns: 30 },
  )
})

test('no byte can be changed, no end cut off, no chunk exchanged, and no content stand for another', async () => {
  const content = randomBytes(140_000)
  const sealed = await sealBytes(content, ring, 'a')
  const refused = (bytes: Uint8Array, context = 'a') => codeOfAsync(() => unsealBytes(bytes, ring, context))
  expect(await refused(sealed, 'b')).toBe('BLOB_CORRUPT')
  for (const at of [0, 3, 12, 20, 40, 60, 75, HEAD_BYTES, HEAD_BYTES + 70_000, sealed.length - 1]) {
    const changed = Buffer.from(sealed)
    changed[at]! ^= 1
    expect(await refused(changed), String(at)).toBe('BLOB_CORRUPT')
  }
  const chunk = 65_536 + 16
  for (const end of [0, 10, HEAD_BYTES, HEAD_BYTES + 5, HEAD_BYTES + chunk, HEAD_BYTES + 2 * chunk, sealed.length - 1])
    expect(await refused(sealed.subarray(0, end)), String(end)).toBe('BLOB_CORRUPT')
  const swapped = Buffer.concat([
    sealed.subarray(0, HEAD_BYTES),
    sealed.subarray(HEAD_BYTES + chunk, HEAD_BYTES + 2 * chunk),
    sealed.subarray(HEAD_BYTES, HEAD_BYTES + chunk),
    sealed.subarray(HEAD_BYTES + 2 * chunk),
  ])
  expect(await refused(swapped)).toBe('BLOB_CORRUPT')
  expect(await refused(Buffer.concat([sealed, Buffer.from('x')]))).toBe('BLOB_CORRUPT')
})

test('a key that is not there is named by its id, and never by itself', async () => {
  const sealed = await sealBytes(Buffer.from('secret of a pupil'), ring, 'a')
  expect(sealed.includes('secret')).toBe(false)
  const other = parseKeyRing([key()], 'test')
  for (const tried of [other, null]) {
    const opening = unsealBytes(sealed, tried, 'a')
    await expect(opening).rejects.toMatchObject({ code: 'ENCRYPTION_KEY_MISSING' })
    await expect(opening).rejects.toThrow(ring.current.id)
    await expect(opening).rejects.not.toThrow(old)
  }
})

test('a head is wrapped anew without touching the content; then the old key opens it no more', async () => {
  const content = randomBytes(100_000)
  const sealed = await sealBytes(content, ring, 'a')
  const fresh = key()
  const both = parseKeyRing([fresh, old], 'test')
  const rotated = Buffer.concat([rewrapHead(sealed.subarray(0, HEAD_BYTES), both, 'a'), sealed.subarray(HEAD_BYTES)])
  expect(keyIdOf(rotated)).toBe(both.current.id)
  expect(Buffer.compare(await unsealBytes(rotated, parseKeyRing([fresh], 'test'), 'a'), content)).toBe(0)
  expect(await codeOfAsync(() => unsealBytes(rotated, ring, 'a'))).toBe('ENCRYPTION_KEY_MISSING')
})

test('keys come from the environment or a file that is for its owner alone', async () => {
  const hex = key()
  const base64 = randomBytes(32).toString('base64')
  const folder = await mkdtemp(path.join(tmpdir(), 'bellwether-keys-'))
  const file = path.join(folder, 'keys')
  const from = (environment: Record<string, string>) => keyRingFromEnvironment(environment)
  try {
    await writeFile(file, `# 2026\n${hex} # current\n\n${base64}\n`, { mode: 0o600 })
    const listed = await from({ BELLWETHER_ENCRYPTION_KEYS: `${hex}, ${base64}` })
    const filed = await from({ BELLWETHER_ENCRYPTION_KEY_FILE: file })
    expect(filed!.ids).toEqual(listed!.ids)
    expect(filed!.ids).toHaveLength(2)
    expect(await from({})).toBeNull()
    await chmod(file, 0o644)
    await expect(from({ BELLWETHER_ENCRYPTION_KEY_FILE: file })).rejects.toThrow(/other users/)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
  for (const bad of ['abc', hex.slice(1), `${hex},`, 'z'.repeat(64)]) {
    const opening = from({ BELLWETHER_ENCRYPTION_KEYS: bad })
    await expect(opening).rejects.toMatchObject({ code: 'ENCRYPTION_KEY_INVALID' })
    await expect(opening).rejects.not.toThrow(hex.slice(1))
  }
})
