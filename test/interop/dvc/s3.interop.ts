import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { ListObjectsV2Command } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { s3Client } from '../../../src/data/sources/read-s3.ts'
import { bellwether } from '../../support/cli.ts'
import { runPython } from '../../support/interop.ts'
import { startS3, type TestS3 } from '../../support/s3.ts'

let s3: TestS3
let root = ''
let repository = ''
let home = ''
beforeAll(async () => {
  s3 = await startS3()
  root = mkdtempSync(path.join(tmpdir(), 'bellwether-dvc-s3-interop-'))
  home = path.join(root, 'home')
  repository = path.join(root, 'repository')
  mkdirSync(path.join(repository, 'pictures/inner'), { recursive: true })
  writeFileSync(
    path.join(repository, 'pictures/a.bin'),
    Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * i) % 251)),
  )
  writeFileSync(path.join(repository, 'pictures/inner/ü "b".txt'), 'zwei\r\n')
  writeFileSync(path.join(repository, 'pictures/empty'), '')
  writeFileSync(path.join(repository, 'table.csv'), 'a,b\n1,x\n2,y\n3,x\n')
  await dvc('init', '--no-scm', '--quiet')
})
afterAll(async () => {
  await s3.remove()
  rmSync(root, { recursive: true, force: true })
})

/** How a program finds the store: not by this process's AWS_ENDPOINT_URL_S3, but by what it is given here. */
function withEndpoint(endpoint: string | null): NodeJS.ProcessEnv {
  return {
    AWS_ENDPOINT_URL_S3: undefined,
    AWS_ENDPOINT_URL: endpoint ?? undefined,
    AWS_DEFAULT_REGION: 'us-east-1',
    // s3rver keeps the framing of the newer checksums as content.
    AWS_REQUEST_CHECKSUM_CALCULATION: 'when_required',
    AWS_RESPONSE_CHECKSUM_VALIDATION: 'when_required',
  }
}

const endpoint = () => `http://127.0.0.1:${s3.port}`

/** Runs the genuine `dvc` in the repository. It finds the store by the remote's settings or by AWS_ENDPOINT_URL. */
async function dvc(...args: string[]): Promise<string> {
  const { status, stdout, stderr } = await runPython('dvc', ['-m', 'dvc', ...args], {
    cwd: repository,
    env: {
      ...withEndpoint(endpoint()),
      DVC_NO_ANALYTICS: '1',
      DVC_GLOBAL_CONFIG_DIR: path.join(root, 'none'),
      DVC_SYSTEM_CONFIG_DIR: path.join(root, 'none'),
      DVC_SITE_CACHE_DIR: path.join(root, 'site'),
    },
  })
  expect(status, `dvc ${args.join(' ')}\n${stderr}`).toBe(0)
  return stdout
}

/** @param known The store by AWS_ENDPOINT_URL; null: only what the repository's settings say. */
async function ours<T>(known: string | null, ...args: string[]): Promise<T> {
  const { status, stdout, stderr } = await bellwether([...args, '--home', home, '--json'], {
    cwd: repository,
    env: withEndpoint(known),
  })
  expect(status, stderr).toBe(0)
  return JSON.parse(stdout) as T
}

const file = (name: string) => readFileSync(path.join(repository, name))
const withoutCache = () => rmSync(path.join(repository, '.dvc/cache'), { recursive: true, force: true })

async function keysBelow(prefix: string): Promise<string[]> {
  const client = await s3Client({})
  const bucket = s3.bucket.slice('s3://'.length)
  const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix }))
  client.destroy()
  return Contents.map(({ Key }) => Key!.slice(prefix.length)).sort()
}

test('what dvc pushed to a bucket is read from there', async () => {
  await dvc('remote', 'add', '--quiet', '-d', 'theirs', `${s3.bucket}/theirs`)
  await dvc('add', '--quiet', 'pictures', 'table.csv')
  await dvc('push', '--quiet')
  const plain = await ours<{ id: string }>(null, 'data', 'add', 'pictures')
  withoutCache()
  expect(await ours(endpoint(), 'data', 'add', 'pictures.dvc')).toMatchObject({ id: plain.id, files: 3 })
  // The endpoint may stand in the repository's settings instead.
  await dvc('remote', 'modify', '--quiet', 'theirs', 'endpointurl', endpoint())
  expect(await ours(null, 'data', 'add', 'table.csv.dvc')).toMatchObject({ rows: 3 })
})

describe('what we export to a bucket', () => {
  test('is pulled by dvc from there, and is named as dvc names it', async () => {
    const { id } = await ours<{ id: string }>(null, 'data', 'add', 'pictures')
    const table = await ours<{ id: string }>(null, 'data', 'add', 'table.csv')
    const remote = `${s3.bucket}/ours`
    await ours(endpoint(), 'data', 'export-dvc', id, '--out', 'again', '--remote', remote)
    await ours(endpoint(), 'data', 'export-dvc', table.id, '--out', 'again.csv', '--remote', remote)
    expect(await keysBelow('ours/')).toEqual(await keysBelow('theirs/'))
    await dvc('remote', 'add', '--quiet', 'ours', remote)
    withoutCache()
    await dvc('pull', '--quiet', '-r', 'ours', 'again.dvc', 'again.csv.dvc')
    for (const name of ['a.bin', 'inner/ü "b".txt', 'empty'])
      expect(file(`again/${name}`).equals(file(`pictures/${name}`)), name).toBe(true)
    expect(file('again.csv').equals(file('table.csv'))).toBe(true)
    expect(await dvc('status', 'again.dvc')).toContain('up to date')
  })

  test('in the layout of DVC 2 is pulled too, also where its objects are there already', async () => {
    const { id } = await ours<{ id: string }>(null, 'data', 'add', 'pictures')
    const remote = `${s3.bucket}/ours-2`
    const write = (name: string) =>
      ours(endpoint(), 'data', 'export-dvc', id, '--out', name, '--remote', remote, '--dvc-version', '2')
    await write('old')
    await write('old-again')
    await dvc('remote', 'add', '--quiet', 'ours-2', remote)
    withoutCache()
    await dvc('pull', '--quiet', '-r', 'ours-2', 'old-again.dvc')
    for (const name of ['a.bin', 'inner/ü "b".txt', 'empty'])
      expect(file(`old-again/${name}`).equals(file(`pictures/${name}`)), name).toBe(true)
  })
})
