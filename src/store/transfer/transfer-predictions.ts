import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { link, open, readdir, readFile, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { pipeline } from 'node:stream/promises'
import { BellwetherError } from '../../errors.ts'
import { FILE_MODE, makeFolder, syncFolder, temporaryName, writeTemporary } from '../durable-files.ts'
import { OPEN_SUFFIX, PREDICTIONS_FOLDER, SECRET_FILE, SEGMENT_NAME } from '../prediction-log/log-files.ts'
import { storageError } from '../storage-errors.ts'

export interface TransferredPredictions {
  /** Files of the source's log, each of them checked in the target by its SHA-256. */
  readonly segments: number
  /** Of those, how many were not there yet. */
  readonly segmentsCopied: number
  readonly bytes: number
}

const NONE: TransferredPredictions = { segments: 0, segmentsCopied: 0, bytes: 0 }
const DAY = /^\d{4}-\d\d-\d\d$/

/**
 * Copies the prediction log of a home into another, with the secret that stands behind the keys of persons: without it tombstones and erasure mean nobody.
 * The secret comes last, so that a log that has it is whole; one that has it already, and whose tables are filled, went on by itself, and is left as it is.
 * @param isFilled Whether the tables of the target hold what an earlier transfer, or anybody else, put there.
 * @throws TRANSFER_OTHER_SECRET, before anything is copied; TRANSFER_DIFFERS; STORAGE_FULL, HOME_DENIED and as disks do
 */
export async function transferPredictions(
  from: { readonly folder: string },
  to: { readonly folder: string },
  isFilled: boolean,
  progress: (text: string) => void,
): Promise<TransferredPredictions> {
  const [source, target] = [path.join(from.folder, PREDICTIONS_FOLDER), path.join(to.folder, PREDICTIONS_FOLDER)]
  const secret = await secretIn(source)
  if (secret === null || path.resolve(source) === path.resolve(target)) return NONE
  const theirs = await secretIn(target)
  if (theirs !== null && !theirs.equals(secret)) throw otherSecret(target)
  if (theirs !== null && isFilled) return { ...NONE, segments: (await segmentsOf(source)).length }
  try {
    const copied = await copySegments(source, target, progress)
    if (theirs === null) await putSecret(target, secret)
    return copied
  } catch (error) {
    throw error instanceof BellwetherError ? error : storageError(error, target)
  }
}

async function copySegments(
  source: string,
  target: string,
  progress: (text: string) => void,
): Promise<TransferredPredictions> {
  await makeFolder(target)
  const segments = await segmentsOf(source)
  let bytes = 0
  let copied = 0
  for (const [index, { day, name }] of segments.entries()) {
    const file = path.join(source, day, name)
    // A file that its writer did not end is ended here: the writer is gone, and what it tore ends the file for readers.
    const place = path.join(target, day, name.endsWith(OPEN_SUFFIX) ? name.slice(0, -OPEN_SUFFIX.length) : name)
    const wanted = await hashOf(file)
    bytes += wanted!.bytes
    if ((await hashOf(place))?.hash === wanted!.hash) continue
    await makeFolder(path.dirname(place))
    const found = await copyDurably(file, place)
    if (found?.hash !== wanted!.hash)
      throw new BellwetherError(
        'TRANSFER_DIFFERS',
        `File ${day}/${name} of the prediction log is not in the target as it is in the source.`,
      )
    copied++
    if (copied % 20 === 0) progress(`prediction log: ${index + 1} of ${segments.length} files`)
  }
  return { segments: segments.length, segmentsCopied: copied, bytes }
}

/** @returns what the copy's bytes hash to, read again from where it is */
async function copyDurably(file: string, place: string): Promise<Awaited<ReturnType<typeof hashOf>>> {
  const temporary = temporaryName(path.dirname(place))
  try {
    await pipeline(createReadStream(file), createWriteStream(temporary, { flags: 'wx', mode: FILE_MODE }))
    const handle = await open(temporary, 'r+')
    await handle.sync().finally(() => handle.close())
    await rename(temporary, place)
  } finally {
    await rm(temporary, { force: true })
  }
  await syncFolder(path.dirname(place))
  return hashOf(place)
}

/** Whole or not at all; another process that opens the log just then may have made one of its own. */
async function putSecret(target: string, secret: Buffer): Promise<void> {
  const temporary = await writeTemporary(target, secret)
  await link(temporary, path.join(target, SECRET_FILE)).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error
  })
  await rm(temporary, { force: true })
  await syncFolder(target)
  if (!(await secretIn(target))?.equals(secret)) throw otherSecret(target)
}

async function secretIn(folder: string): Promise<Buffer | null> {
  return readFile(path.join(folder, SECRET_FILE)).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null
    throw storageError(error, folder)
  })
}

async function segmentsOf(folder: string): Promise<{ day: string; name: string }[]> {
  const days = (await namesIn(folder)).filter((name) => DAY.test(name)).sort()
  const found: { day: string; name: string }[] = []
  for (const day of days)
    for (const name of (await namesIn(path.join(folder, day))).sort())
      if (SEGMENT_NAME.test(name)) found.push({ day, name })
  return found
}

const namesIn = (folder: string) =>
  readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [] as string[]
    throw storageError(error, folder)
  })

async function hashOf(file: string): Promise<{ hash: string; bytes: number } | null> {
  const hash = createHash('sha256')
  let bytes = 0
  try {
    for await (const part of createReadStream(file)) {
      hash.update(part as Buffer)
      bytes += (part as Buffer).length
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
  return { hash: hash.digest('hex'), bytes }
}

function otherSecret(target: string): BellwetherError {
  return new BellwetherError(
    'TRANSFER_OTHER_SECRET',
    `${target} has a secret of its own, under which nobody of the source would be known.`,
  )
}
