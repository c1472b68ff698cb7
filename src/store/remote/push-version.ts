import { readChunks } from '../../data/versions/get-files.ts'
import { decodeManifest } from '../../data/versions/tree-manifest.ts'
import { BellwetherError } from '../../errors.ts'
import { type DatasetVersion, requireRows } from '../../track/dataset-store.ts'
import type { Home } from '../open-home.ts'
import type { DataRemote } from './open-remote.ts'
import {
  decodePackIndex,
  encodeNote,
  encodePackIndex,
  encodeVersion,
  type PackIndex,
  packNote,
  versionNote,
} from './remote-version.ts'

const PACK_BYTES = 16 * 1024 * 1024
const MARK = Buffer.from('BWPACK1\n', 'latin1')

export interface Pushed {
  readonly id: string
  /** It was there whole before. */
  readonly already: boolean
  readonly sentBytes: number
}

/**
 * Puts a version into a remote: contents that are not there first, the note that makes it visible last. What is broken off goes on where it was.
 * Rejected rows stay here. Packs for the remote hold the chunks of the version alone, whatever else the home's packs hold.
 * @throws DATASET_ERASED, BLOB_CORRUPT, and as the remote does
 */
export async function pushVersion(
  dataset: DatasetVersion,
  home: Pick<Home, 'blobs' | 'chunks'>,
  remote: DataRemote,
): Promise<Pushed> {
  requireRows(dataset)
  const { id } = dataset
  if (await remote.readNote(versionNote(id))) return { id, already: true, sentBytes: 0 }
  let sentBytes = 0
  let packs: readonly string[] = []
  if (dataset.files) {
    const sent = await pushChunks(dataset.blob, home, remote)
    packs = sent.packs
    sentBytes += sent.sentBytes
  }
  if (!(await remote.blobs.has(dataset.blob))) {
    const { hash, sizeBytes } = await remote.blobs.putStream(await home.blobs.getStream(dataset.blob))
    if (hash !== dataset.blob)
      throw new BellwetherError('BLOB_CORRUPT', `Blob ${dataset.blob} has another content than its name says.`)
    sentBytes += sizeBytes
  }
  const document = await remote.blobs.put(encodeVersion(dataset, packs))
  await remote.writeNote(versionNote(id), encodeNote(document))
  return { id, already: false, sentBytes }
}

async function pushChunks(
  manifest: string,
  home: Pick<Home, 'blobs' | 'chunks'>,
  remote: DataRemote,
): Promise<{ packs: readonly string[]; sentBytes: number }> {
  const there = await chunksThere(remote)
  const packs = new Set<string>()
  const missing = new Map<string, number>()
  for await (const { chunks } of decodeManifest(await home.blobs.getStream(manifest))) {
    for (const { hash, sizeBytes } of chunks) {
      const pack = there.get(hash)
      if (pack !== undefined) packs.add(pack)
      else missing.set(hash, sizeBytes)
    }
  }
  let sentBytes = 0
  let pieces: Buffer[] = [MARK]
  let size = MARK.length
  let index: PackIndex = []
  const send = async () => {
    if (index.length === 0) return
    // The list of its chunks comes last: a pack without one is not found, and sent again under the same name.
    const pack = await remote.blobs.put(Buffer.concat(pieces))
    await remote.writeNote(packNote(pack), encodePackIndex(index))
    packs.add(pack)
    sentBytes += size
    pieces = [MARK]
    size = MARK.length
    index = []
  }
  const wanted = [...missing].map(([hash, sizeBytes]) => ({ hash, sizeBytes }))
  let next = 0
  for await (const content of readChunks(wanted, home)) {
    index.push([wanted[next]!.hash, size, content.length])
    pieces.push(content)
    size += content.length
    next += 1
    if (size >= PACK_BYTES) await send()
  }
  await send()
  return { packs: [...packs].sort(), sentBytes }
}

/** The packs of the chunks that the remote has. */
async function chunksThere(remote: DataRemote): Promise<Map<string, string>> {
  const there = new Map<string, string>()
  for (const name of await remote.listNotes('packs')) {
    const pack = `sha256:${name.replace(/\.json$/, '')}`
    const index = await remote.readNote(`packs/${name}`)
    if (index && (await remote.blobs.has(pack)))
      for (const [hash] of decodePackIndex(index, remote.place)) there.set(hash, pack)
  }
  return there
}
