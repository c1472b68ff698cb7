import { hash as hashOnce } from 'node:crypto'
import { canonicalHash } from '../../data/dataset-version.ts'
import { readParquet } from '../../data/parquet.ts'
import { PackWriter } from '../../data/versions/pack-writer.ts'
import { decodeManifest, TreeHash } from '../../data/versions/tree-manifest.ts'
import { BellwetherError } from '../../errors.ts'
import type { Home } from '../open-home.ts'
import type { DataRemote } from './open-remote.ts'
import {
  decodeNote,
  decodePackIndex,
  decodeVersion,
  packNote,
  profileOf,
  type RemoteVersion,
  versionNote,
} from './remote-version.ts'

export interface Pulled {
  readonly id: string
  readonly name: string
  readonly already: boolean
  readonly receivedBytes: number
}

/** Ids of the versions that a remote has. */
export async function remoteVersions(remote: DataRemote): Promise<string[]> {
  const names = await remote.listNotes('datasets')
  return names.flatMap((name) => (/^[0-9a-f]{64}\.json$/.test(name) ? [`sha256:${name.slice(0, 64)}`] : []))
}

/** The one version that begins with a text. @throws DATASET_NOT_FOUND, ID_AMBIGUOUS */
export async function remoteVersion(remote: DataRemote, prefix: string): Promise<string> {
  const hex = /^(?:sha256:)?([0-9a-f]{6,64})$/.exec(prefix)?.[1]
  const found = hex === undefined ? [] : (await remoteVersions(remote)).filter((id) => id.startsWith(`sha256:${hex}`))
  const shown = JSON.stringify(prefix.slice(0, 80))
  if (found.length > 1)
    throw new BellwetherError('ID_AMBIGUOUS', `Several dataset versions of the remote begin with ${shown}.`)
  if (!found[0]) throw new BellwetherError('DATASET_NOT_FOUND', `The remote has no dataset version ${shown}.`)
  return found[0]
}

/**
 * Brings a version from a remote. Every chunk and blob is checked by its hash, and the whole by the version's id, before it is there. What is broken off
 * goes on where it was.
 * @throws DATASET_NOT_FOUND, REMOTE_INVALID, BLOB_NOT_FOUND, BLOB_CORRUPT, and as the remote does
 */
export async function pullVersion(
  id: string,
  home: Pick<Home, 'blobs' | 'chunks' | 'datasets'>,
  remote: DataRemote,
  clock: () => number,
): Promise<Pulled> {
  const note = await remote.readNote(versionNote(id))
  if (!note) throw new BellwetherError('DATASET_NOT_FOUND', `The remote has no dataset version ${id}.`)
  const document = await remote.blobs.get(decodeNote(note, remote.place))
  const version = decodeVersion(document, remote.place)
  if (version.id !== id) throw new BellwetherError('REMOTE_INVALID', `What lies there as ${id} is another version.`)
  if (await isHere(id, home)) return { id, name: version.name, already: true, receivedBytes: 0 }
  return home.chunks.whileWriting(async () => {
    let receivedBytes = await pullBlob(version.blob, home, remote)
    if (version.files) {
      receivedBytes += await pullChunks(version, home, remote, clock)
      await checkFiles(version, home)
    } else await checkTable(version, home)
    const { name, nRows, nRejected, schema, source, createdTime, blob, files } = version
    await home.datasets.putDataset({
      id,
      name,
      nRows,
      nRejected,
      schema,
      profile: profileOf(version),
      source,
      blob,
      rejectsBlob: null,
      createdTime,
      ...(files ? { files } : {}),
    })
    return { id, name, already: false, receivedBytes }
  })
}

async function isHere(id: string, { datasets }: Pick<Home, 'datasets'>): Promise<boolean> {
  try {
    await datasets.dataset(id)
    return true
  } catch (error) {
    if (error instanceof BellwetherError && error.code === 'DATASET_NOT_FOUND') return false
    throw error
  }
}

async function pullBlob(hash: string, home: Pick<Home, 'blobs'>, remote: DataRemote): Promise<number> {
  if (await home.blobs.has(hash)) return 0
  // The stream ends with an error where the content is not what the name says, so nothing else is kept under it.
  return (await home.blobs.putStream(await remote.blobs.getStream(hash))).sizeBytes
}

async function pullChunks(
  { packs }: RemoteVersion,
  home: Pick<Home, 'blobs' | 'chunks'>,
  remote: DataRemote,
  clock: () => number,
): Promise<number> {
  const writer = new PackWriter(home.blobs, home.chunks, clock)
  let received = 0
  for (const pack of packs) {
    const listed = await remote.readNote(packNote(pack))
    if (!listed) throw new BellwetherError('REMOTE_INVALID', `The list of the pack ${pack} is not in ${remote.place}.`)
    const index = decodePackIndex(listed, remote.place)
    const here = await home.chunks.locate([...new Set(index.map(([hash]) => hash))])
    const missing = index.filter(([hash]) => !here.has(hash))
    if (missing.length === 0) continue
    const bytes = await remote.blobs.get(pack)
    received += bytes.length
    for (const [hash, position, sizeBytes] of missing) {
      const content = bytes.subarray(position, position + sizeBytes)
      if (hashOnce('sha256', content, 'hex') !== hash)
        throw new BellwetherError(
          'BLOB_CORRUPT',
          `The chunk ${hash} of the remote has another content than its name says.`,
        )
      await writer.add([{ hash, sizeBytes }], content)
    }
  }
  await writer.flush()
  return received
}

/** @throws REMOTE_INVALID, BLOB_NOT_FOUND */
async function checkFiles({ id, blob }: RemoteVersion, home: Pick<Home, 'blobs' | 'chunks'>): Promise<void> {
  const hash = new TreeHash()
  let asked: string[] = []
  const check = async () => {
    const found = await home.chunks.locate([...new Set(asked)])
    const missing = asked.find((each) => !found.has(each))
    if (missing) throw new BellwetherError('BLOB_NOT_FOUND', `The remote lacks the chunk ${missing} of ${id}.`)
    asked = []
  }
  for await (const file of decodeManifest(await home.blobs.getStream(blob))) {
    hash.add(file)
    for (const chunk of file.chunks) asked.push(chunk.hash)
    if (asked.length >= 4096) await check()
  }
  await check()
  if (hash.id() !== id)
    throw new BellwetherError('REMOTE_INVALID', `The files of ${id} in the remote are those of another version.`)
}

/** @throws REMOTE_INVALID */
async function checkTable({ id, blob, schema }: RemoteVersion, home: Pick<Home, 'blobs'>): Promise<void> {
  const table = await home.blobs.withFile(blob, (file) => readParquet(file, schema))
  if (canonicalHash(table, schema) !== id)
    throw new BellwetherError('REMOTE_INVALID', `The table of ${id} in the remote is that of another version.`)
}
