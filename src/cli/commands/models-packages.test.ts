import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { codeOfAsync } from '../../../test/support/code-of.ts'
import { readArchive } from '../../packaging/archive/package-archive.ts'
import { readTar, type TarFile, writeTar } from '../../packaging/archive/tar.ts'
import { readAnyPackage } from '../../packaging/read-package.ts'
import { parseSigningKey, publicKeyOf, SEAL_FILE } from '../../packaging/sign-manifest.ts'
import { ServedHome } from '../../server/testing/served-home.ts'
import { openHome } from '../../store/open-home.ts'
import { action as exportAction } from './models-export.ts'
import { action as importAction } from './models-import.ts'

const seed = randomBytes(32).toString('hex')
const publicKey = publicKeyOf(parseSigningKey(seed, 'test'))
const other = publicKeyOf(generateKeyPairSync('ed25519').publicKey)

let unsigned: ServedHome
let signed: ServedHome
let unsignedFile: string
let signedFile: string
let written = ''
beforeAll(async () => {
  vi.stubEnv('BELLWETHER_SIGNING_KEY', '')
  unsigned = await ServedHome.make()
  await unsigned.register()
  vi.stubEnv('BELLWETHER_SIGNING_KEY', seed)
  signed = await ServedHome.make()
  await signed.register()
  vi.unstubAllEnvs()
  unsignedFile = path.join(unsigned.folder, 'model.bwpkg')
  signedFile = path.join(signed.folder, 'model.bwpkg')
  await exportAction({ home: unsigned.home.folder, out: unsignedFile, json: true }, ['risk'])
  await exportAction({ home: signed.home.folder, out: signedFile, json: true }, ['risk/1'])
}, 120_000)
afterAll(async () => {
  await unsigned.remove()
  await signed.remove()
})
beforeEach(() => {
  written = ''
  vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    written += String(chunk)
    return true
  })
})
afterEach(() => {
  vi.restoreAllMocks()
})

let count = 0
const elsewhere = () => path.join(unsigned.folder, `elsewhere-${++count}`)

async function taken(file: string, options: Record<string, unknown> = {}): Promise<string> {
  return (await codeOfAsync(() => importAction({ home: elsewhere(), json: true, ...options }, [file]))) ?? 'taken'
}

/** The archive with its files changed. */
async function changed(file: string, change: (files: TarFile[]) => TarFile[]): Promise<string> {
  const files = readTar(zstdDecompressSync(await readFile(file)))
  return hostile(zstdCompressSync(writeTar(change(files))))
}

async function hostile(bytes: Uint8Array): Promise<string> {
  const file = path.join(unsigned.folder, `hostile-${++count}.bwpkg`)
  await writeFile(file, bytes)
  return file
}

test('a version goes to another installation byte for byte, under the next number there, with where it came from', async () => {
  const home = elsewhere()
  for (const number of [1, 2]) {
    written = ''
    await importAction({ home, json: true, alias: 'champion' }, [signedFile])
    expect(JSON.parse(written)).toMatchObject({
      model: { name: 'risk', version: number, aliases: ['champion'] },
      origin: { model: 'risk', version: 1 },
      signedBy: publicKey,
    })
  }
  const here = await openHome(home, { create: false })
  try {
    const theirs = await signed.home.models.version('risk', 1)
    const ours = await here.models.version('risk', 2)
    expect(new Set(ours.files.map(({ path: name, hash }) => name + hash))).toEqual(
      new Set(theirs.files.map(({ path: name, hash }) => name + hash)),
    )
    expect((await here.tracking.run(ours.runId)).tags).toMatchObject({
      'bellwether.import.run': theirs.runId,
      'bellwether.import.dataset': theirs.datasetId,
      'bellwether.import.signedBy': publicKey,
    })
    expect((await here.models.history('risk')).at(-1)?.reason).toContain('version 1 of risk')
  } finally {
    await here.close()
  }
})

test('exporting the same version twice gives the same bytes', async () => {
  const again = path.join(signed.folder, 'again.bwpkg')
  await exportAction({ home: signed.home.folder, out: again, json: true }, ['risk'])
  expect((await readFile(again)).equals(await readFile(signedFile))).toBe(true)
})

test('where keys are trusted, only what they signed is imported', async () => {
  expect(await taken(signedFile, { trustedKeys: publicKey })).toBe('taken')
  expect(await taken(signedFile, { trustedKeys: `${other},${publicKey}` })).toBe('taken')
  expect(await taken(signedFile, { trustedKeys: other })).toBe('PACKAGE_UNTRUSTED')
  expect(await taken(unsignedFile, { trustedKeys: publicKey })).toBe('PACKAGE_UNTRUSTED')
  expect(await taken(unsignedFile)).toBe('taken')
})

test('where keys are trusted, only what they signed is loaded', async () => {
  for (const [served, keys, code] of [
    [signed, publicKey, null],
    [signed, other, 'PACKAGE_UNTRUSTED'],
    [unsigned, publicKey, 'PACKAGE_UNTRUSTED'],
  ] as const) {
    const home = await openHome(served.home.folder, { trustedKeys: new Set([keys]) })
    try {
      const { files } = await home.models.byAlias('risk', 'champion')
      expect(await codeOfAsync(() => readAnyPackage(home.blobs, files))).toBe(code)
    } finally {
      await home.close()
    }
  }
})

test('an imported unsigned version is not signed here', async () => {
  vi.stubEnv('BELLWETHER_SIGNING_KEY', seed)
  try {
    const home = elsewhere()
    await importAction({ home, json: true }, [unsignedFile])
    const here = await openHome(home)
    const { files } = await here.models.version('risk', 1)
    await here.close()
    expect(files.some(({ path: name }) => name === SEAL_FILE)).toBe(false)
  } finally {
    vi.unstubAllEnvs()
  }
})

test('a signed manifest that was changed is refused, also where nobody asks who signed', async () => {
  const file = await changed(signedFile, (files) =>
    files.map((each) =>
      each.path === 'manifest.json'
        ? { ...each, bytes: Buffer.from(Buffer.from(each.bytes).toString().replace('"name":"risk"', '"name":"rosk"')) }
        : each,
    ),
  )
  expect(await taken(file)).toBe('PACKAGE_CORRUPT')
})

test('an archive with any region changed or cut off is refused', { timeout: 120_000 }, async () => {
  const plain = zstdDecompressSync(await readFile(signedFile))
  for (let at = 0; at < plain.length; at += Math.ceil(plain.length / 60)) {
    const damaged = Buffer.from(plain)
    damaged[at]! ^= 1
    const code = await codeOfAsync(async () => {
      const archive = await readArchive(zstdCompressSync(damaged))
      await readAnyPackage(archive.source, archive.files)
    })
    expect([at, code]).toEqual([at, expect.stringMatching(/^PACKAGE_(ARCHIVE_INVALID|CORRUPT)$/)])
    expect(await codeOfAsync(() => readArchive(zstdCompressSync(plain.subarray(0, at))))).toBe(
      'PACKAGE_ARCHIVE_INVALID',
    )
  }
  const packed = await readFile(signedFile)
  for (const end of [4, 100, packed.length - 1])
    expect(await codeOfAsync(() => readArchive(packed.subarray(0, end)))).toBe('PACKAGE_ARCHIVE_INVALID')
})

test('hostile archives are refused: names that lead elsewhere, twins, links, extra and missing files, bombs', async () => {
  const tar = zstdDecompressSync(await readFile(unsignedFile))
  const renamed = Buffer.from(tar)
  renamed.write('../evil.json\0', 0, 'latin1')
  const link = Buffer.from(tar)
  link.write('2', 156, 'latin1')
  const first = readTar(tar)[0]!
  const twin = Buffer.concat([writeTar([first]).subarray(0, -1024), tar])
  for (const bytes of [renamed, link, twin, Buffer.concat([tar, Buffer.alloc(512)])])
    expect(await taken(await hostile(zstdCompressSync(bytes)))).toBe('PACKAGE_ARCHIVE_INVALID')
  expect(
    await taken(await changed(unsignedFile, (files) => [...files, { path: 'extra.js', bytes: Buffer.from('1') }])),
  ).toBe('PACKAGE_ARCHIVE_INVALID')
  expect(await taken(await changed(unsignedFile, (files) => files.filter((each) => each.path !== 'model.json')))).toBe(
    'PACKAGE_ARCHIVE_INVALID',
  )
  expect(() => writeTar([{ path: '../evil', bytes: Buffer.alloc(0) }])).toThrow('cannot stand in it')
  // Many small frames that unpack to more than a gigabyte.
  const frame = zstdCompressSync(Buffer.alloc(64 * 1024 * 1024))
  const bomb = Buffer.concat(Array.from({ length: 17 }, () => frame))
  expect(await taken(await hostile(bomb))).toBe('PACKAGE_ARCHIVE_INVALID')
})

test('export takes exactly one kind of file, and an ONNX file needs a name', async () => {
  const options = { home: unsigned.home.folder, json: true }
  expect(await codeOfAsync(() => exportAction(options, ['risk']))).toBe('USAGE')
  expect(await codeOfAsync(() => exportAction({ ...options, out: 'a', onnx: 'b' }, ['risk']))).toBe('USAGE')
  expect(await taken(await hostile(Buffer.from('no archive')))).toBe('USAGE')
  expect(await taken(unsignedFile, { logits: true })).toBe('USAGE')
})
