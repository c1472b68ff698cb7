import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { BellwetherError } from '../../errors.ts'
import type { KeyRing } from '../../security/at-rest/key-ring.ts'
import type { BlobStore } from '../../track/blob-store.ts'
import { FileBlobStore } from '../blobs/file-blob-store.ts'
import { makeFolder, renameDurably, writeTemporary } from '../durable-files.ts'
import { storageError } from '../storage-errors.ts'

/**
 * A place that several homes share versions of data by: a folder, or `s3://bucket/prefix`. Contents lie in `blobs/` as in a home, by their hashes, encrypted where
 * the home has keys; beside them are notes, small documents by name.
 */
export interface DataRemote {
  readonly place: string
  readonly blobs: BlobStore
  /** @returns null where there is none */
  readNote(name: string): Promise<Uint8Array | null>
  /** It appears whole, and replaces what was there. */
  writeNote(name: string, bytes: Uint8Array): Promise<void>
  /** Names of the notes in a folder of them. */
  listNotes(folder: string): Promise<string[]>
  close(): Promise<void>
}

/** @throws USAGE, ENCRYPTION_KEY_MISSING, BLOB_STORE_UNREACHABLE, HOME_DENIED, HOME_NOT_FOUND, STORAGE_FULL, STORAGE_FAILED */
export async function openRemote(
  place: string,
  options: { readonly readOnly: boolean; readonly now: number; readonly ring: KeyRing | null },
): Promise<DataRemote> {
  if (/^s3:\/\//i.test(place)) return openS3(place.replace(/\/+$/, ''), options)
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(place))
    throw new BellwetherError('USAGE', `A remote is a folder or an s3:// address; got ${/^[^:]*/.exec(place)![0]}://.`)
  return openFolder(path.resolve(place), options)
}

async function openFolder(root: string, options: Parameters<typeof openRemote>[1]): Promise<DataRemote> {
  const blobs = await FileBlobStore.open(path.join(root, 'blobs'), options)
  const fileOf = (name: string) => path.join(root, ...name.split('/'))
  return {
    place: root,
    blobs,
    readNote: (name) => readFile(fileOf(name)).catch(orElse(null, fileOf(name))),
    async writeNote(name, bytes) {
      try {
        const folder = path.dirname(fileOf(name))
        await makeFolder(folder)
        await renameDurably(await writeTemporary(folder, bytes), fileOf(name))
      } catch (error) {
        throw storageError(error, root)
      }
    },
    async listNotes(folder) {
      const names = await readdir(fileOf(folder)).catch(orElse([], fileOf(folder)))
      return names.filter((name) => !name.startsWith('.')).sort()
    },
    close: async () => undefined,
  }
}

async function openS3(address: string, options: Parameters<typeof openRemote>[1]): Promise<DataRemote> {
  const [{ S3BlobStore }, { S3Objects }] = await Promise.all([
    import('../blobs/s3-blob-store.ts'),
    import('../blobs/s3-objects.ts'),
  ])
  const spool = await mkdtemp(path.join(tmpdir(), 'bellwether-remote-'))
  try {
    const notes = await S3Objects.open(`${address}/notes`)
    const blobs = await S3BlobStore.open(`${address}/blobs`, spool, options)
    return {
      place: address,
      blobs,
      readNote: (name) => notes.read(name),
      writeNote: (name, bytes) => notes.put(name, bytes),
      async listNotes(folder) {
        const names: string[] = []
        for await (const { name } of notes.list())
          if (name.startsWith(`${folder}/`)) names.push(name.slice(folder.length + 1))
        return names
      },
      async close() {
        notes.close()
        blobs.close()
        await rm(spool, { recursive: true, force: true })
      },
    }
  } catch (error) {
    await rm(spool, { recursive: true, force: true })
    throw error
  }
}

function orElse<T>(otherwise: T, place: string): (error: unknown) => T {
  return (error) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return otherwise
    throw storageError(error, place)
  }
}
