import { constants, createReadStream } from 'node:fs'
import { copyFile, open, readdir, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { BellwetherError } from '../../errors.ts'
import { HEAD_BYTES, isSealed, keyIdOf, rewrapHead } from '../../security/at-rest/container.ts'
import type { KeyRing } from '../../security/at-rest/key-ring.ts'
import { renameDurably, temporaryName } from '../durable-files.ts'
import { storageError } from '../storage-errors.ts'
import { checkedStream, streamToTemporary, writeAll } from './blob-streams.ts'
import type { Rotation } from './home-blobs.ts'
import { keysFile, onlyKey } from './keys-in-use.ts'
import { blobContext } from './stored-form.ts'

/**
 * Brings every blob under the ring's current key. Each blob is put in its place whole, so a rotation that is killed leaves every blob
 * readable with the two keys, and the next one goes on where it ended. Where nothing is damaged, older keys are not needed afterwards.
 * @throws ENCRYPTION_KEY_MISSING and storage errors
 */
export async function rotateEncryption(
  root: string,
  ring: KeyRing,
  onProgress: (done: number) => void = () => undefined,
): Promise<Rotation> {
  const counts = { current: 0, rewrapped: 0, encrypted: 0 }
  const damaged: string[] = []
  let done = 0
  try {
    for (const folder of (await readdir(root)).filter((name) => /^[0-9a-f]{2}$/.test(name)).sort()) {
      for (const name of (await readdir(path.join(root, folder)))
        .filter((each) => /^[0-9a-f]{64}$/.test(each))
        .sort()) {
        try {
          const outcome = await rotateBlob(root, path.join(root, folder, name), `sha256:${name}`, ring)
          if (outcome) counts[outcome]++
        } catch (error) {
          if (!(error instanceof BellwetherError) || error.code !== 'BLOB_CORRUPT') throw error
          damaged.push(`sha256:${name}`)
        }
        onProgress(++done)
      }
    }
    if (damaged.length === 0) await onlyKey(keysFile(root), ring.current.id)
  } catch (error) {
    throw storageError(error, root)
  }
  return { ...counts, damaged }
}

/** @returns null where the blob was removed meanwhile. */
async function rotateBlob(
  root: string,
  file: string,
  hash: string,
  ring: KeyRing,
): Promise<'current' | 'rewrapped' | 'encrypted' | null> {
  const head = await headOf(file)
  if (head === null) return null
  if (!isSealed(head)) {
    const { temporary } = await streamToTemporary(root, checkedStream(file, hash, ring), Number.POSITIVE_INFINITY, ring)
    return (await replace(temporary, file)) ? 'encrypted' : null
  }
  if (keyIdOf(head) === ring.current.id) return 'current'
  const fresh = rewrapHead(head, ring, blobContext(hash))
  const temporary = temporaryName(root)
  try {
    // Where the file system can, the copy shares the content's blocks.
    await copyFile(file, temporary, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE)
    const handle = await open(temporary, 'r+')
    try {
      await writeAll(handle, fresh, 0)
      await handle.sync()
    } finally {
      await handle.close()
    }
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
  return (await replace(temporary, file)) ? 'rewrapped' : null
}

/** Not where the blob was removed meanwhile: what was erased must not come back. */
async function replace(temporary: string, file: string): Promise<boolean> {
  const isThere = await stat(file).then(
    () => true,
    () => false,
  )
  if (isThere) await renameDurably(temporary, file)
  else await rm(temporary, { force: true })
  return isThere
}

async function headOf(file: string): Promise<Buffer | null> {
  try {
    let head = Buffer.alloc(0)
    for await (const piece of createReadStream(file, { start: 0, end: HEAD_BYTES - 1 }) as AsyncIterable<Buffer>)
      head = Buffer.concat([head, piece])
    return head
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}
