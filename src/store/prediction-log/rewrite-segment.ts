import { type FileHandle, open, rm } from 'node:fs/promises'
import path from 'node:path'
import type { KeyRing } from '../../security/at-rest/key-ring.ts'
import type { PredictionEntry } from '../../serve/prediction-log/prediction-log.ts'
import { FILE_MODE, renameDurably, syncFolder } from '../durable-files.ts'
import { OPEN_SUFFIX } from './log-files.ts'
import { markOf } from './person-index.ts'
import { linesOf, type SegmentReader, SegmentWriter } from './segment.ts'

export interface KeptLines {
  /** Numbers of the frames that lose lines; of the others all stay. */
  readonly touched: ReadonlySet<number>
  readonly stays: (line: string) => boolean
}

interface RewriteOptions extends KeptLines {
  /** Where the new file is written until it takes the place of the old one. */
  readonly temporary: string
  readonly ring: KeyRing | null
}

/**
 * Writes a file anew, frame by frame, without some of its lines; removes it where none stays. Frames that lose nothing are not unpacked, where an index tells
 * whose entries they have.
 */
export async function rewriteSegment(
  file: string,
  segment: SegmentReader,
  { touched, stays, temporary, ring }: RewriteOptions,
): Promise<void> {
  const handle = await open(temporary, 'w', FILE_MODE)
  const writer = new SegmentWriter(path.basename(file), ring)
  // One that its writer did not end keeps its name, and nobody asks it for an index.
  const isOpen = file.endsWith(OPEN_SUFFIX)
  let isEmpty = true
  const write = async (frame: Buffer) => {
    await writeWhole(handle, frame)
    isEmpty = false
  }
  try {
    const persons = (await segment.persons())?.marksByFrame()
    await writeWhole(handle, writer.beginning)
    for await (const frame of segment.frames()) {
      const { number, packed } = frame
      if (!touched.has(number) && (isOpen || persons !== undefined)) {
        await write(writer.packedFrame(packed, persons?.[number] ?? []))
        continue
      }
      const rest = (await linesOf(frame)).filter((line) => !touched.has(number) || stays(line))
      if (rest.length > 0) await write(await writer.frame(Buffer.from(`${rest.join('\n')}\n`, 'utf8'), marksOf(rest)))
    }
    if (!isOpen) await writeWhole(handle, writer.ending())
    await handle.sync()
  } catch (error) {
    await handle.close().catch(() => {})
    await rm(temporary, { force: true })
    throw error
  }
  await handle.close()
  if (!isEmpty) return renameDurably(temporary, file)
  await rm(file)
  await rm(temporary, { force: true })
  await syncFolder(path.dirname(file))
}

export async function writeWhole(handle: FileHandle, bytes: Buffer): Promise<void> {
  for (let at = 0; at < bytes.length; ) at += (await handle.write(bytes, at, bytes.length - at)).bytesWritten
}

/** Of the persons that some lines are of. */
function marksOf(lines: readonly string[]): number[] {
  const marks: number[] = []
  for (const line of lines) {
    const { person } = JSON.parse(line) as PredictionEntry
    if (person !== undefined) marks.push(markOf(person))
  }
  return marks
}
