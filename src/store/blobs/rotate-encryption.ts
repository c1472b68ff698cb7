import { constants, createReadStream } from 'node:fs'
import { copyFile, open, readdir, rm } from 'node:fs/promises'
import path from 'node:path'
import { BellwetherError } from '../../errors.ts'
import { HEAD_BYTES, isSealed, keyIdOf, rewrapHead } from '../../security/at-rest/container.ts'
import type { KeyRing } from '../../security/at-rest/key-ring.ts'
import { temporaryName } from '../durable-files.ts'
import { storageError } from '../storage-errors.ts'
import { checkedStream, streamToTemporary, writeAll } from './blob-streams.ts'
import { announceReplacing, deletionMark, replaceBlob } from './deletion-mark.ts'
import type { Rotation } from './home-blobs.ts'
import { endRetiring, keysFile, retireOthers } from './keys-in-use.ts'
import { blobContext } from './stored-form.ts'

/**
 * Brings every blob under the ring's current key. Each blob is put in its place whole, so a rotation that is killed leaves every blob
 * readable with the two keys, and the next one goes on where it ended. Others may go on reading, writing and deleting: once all blobs were gone through the
 * older keys are retired, so that nobody writes under them any more, and what came in between is found by going through them once more.
 * @throws ENCRYPTION_KEY_MISSING and storage errors
 */
export async function rotateEncryption(
  root: string,
  ring: KeyRing,
  onProgress: (done: number) => void = () => undefined,
): Promise<Rotation> {
  try {
    const replacing = await announceReplacing(root)
    try {
      return await rotateTwice(root, ring, async (done) => {
        onProgress(done)
        await replacing.goOn()
      })
    } finally {
      await replacing.end()
    }
  } catch (error) {
    throw storageError(error, root)
  }
}

async function rotateTwice(root: string, ring: KeyRing, onBlob: (done: number) => Promise<void>): Promise<Rotation> {
  const counts = { current: 0, rewrapped: 0, encrypted: 0 }
  const damaged: string[] = []
  const others = ring.ids.filter((id) => id !== ring.current.id)
  let done = 0
  await rotateAll(root, ring, damaged, async (outcome) => {
    if (outcome) counts[outcome]++
    await onBlob(++done)
  })
  if (damaged.length > 0) return { ...counts, damaged, stillInUse: others }
  await retireOthers(keysFile(root), ring.current.id)
  await rotateAll(root, ring, damaged, async (outcome) => {
    if (outcome && outcome !== 'current') counts[outcome]++
  })
  if (damaged.length > 0) return { ...counts, damaged, stillInUse: others }
  return { ...counts, damaged, stillInUse: await endRetiring(keysFile(root), ring.current.id) }
}

/** What became of a blob; null where it was removed meanwhile, or is damaged. */
type Outcome = 'current' | 'rewrapped' | 'encrypted' | null

async function rotateAll(
  root: string,
  ring: KeyRing,
  damaged: string[],
  onBlob: (outcome: Outcome) => Promise<void>,
): Promise<void> {
  for (const folder of (await readdir(root)).filter((name) => /^[0-9a-f]{2}$/.test(name)).sort()) {
    const names = (await readdir(path.join(root, folder))).filter((each) => /^[0-9a-f]{64}$/.test(each)).sort()
    for (const name of names) {
      let outcome: Outcome = null
      try {
        outcome = await rotateBlob(root, path.join(root, folder, name), `sha256:${name}`, ring)
      } catch (error) {
        if (!(error instanceof BellwetherError) || error.code !== 'BLOB_CORRUPT') throw error
        damaged.push(`sha256:${name}`)
      }
      await onBlob(outcome)
    }
  }
}

async function rotateBlob(root: string, file: string, hash: string, ring: KeyRing): Promise<Outcome> {
  const since = await deletionMark(root, file)
  const head = await headOf(file)
  if (head === null) return null
  if (!isSealed(head)) {
    const copied = await orNull(() =>
      streamToTemporary(root, checkedStream(file, hash, ring), Number.POSITIVE_INFINITY, ring),
    )
    return copied && (await replaceBlob(root, copied.temporary, file, since)) ? 'encrypted' : null
  }
  if (keyIdOf(head) === ring.current.id) return 'current'
  const temporary = await orNull(() => rewrappedCopy(root, file, hash, ring))
  return temporary && (await replaceBlob(root, temporary, file, since)) ? 'rewrapped' : null
}

/** The blob with another head. The head is that of the copy: whoever puts the same content again gives it another data key. */
async function rewrappedCopy(root: string, file: string, hash: string, ring: KeyRing): Promise<string> {
  const temporary = temporaryName(root)
  try {
    // Where the file system can, the copy shares the content's blocks.
    await copyFile(file, temporary, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE)
    const handle = await open(temporary, 'r+')
    try {
      const head = Buffer.alloc(HEAD_BYTES)
      const { bytesRead } = await handle.read(head, 0, HEAD_BYTES, 0)
      await writeAll(handle, rewrapHead(head.subarray(0, bytesRead), ring, blobContext(hash)), 0)
      await handle.sync()
    } finally {
      await handle.close()
    }
    return temporary
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}

/** Null where the blob was removed between two steps. */
async function orNull<T>(step: () => Promise<T>): Promise<T | null> {
  try {
    return await step()
  } catch (error) {
    const { code, cause } = error as { code?: string; cause?: { code?: string } }
    if (code === 'ENOENT' || cause?.code === 'ENOENT') return null
    throw error
  }
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
