import { z } from 'zod'
import { BellwetherError } from '../../errors.ts'
import { decodeState, encodeState } from '../../packaging/state-codec.ts'
import { TableSchema } from '../../table/schema.ts'
import type { State } from '../../table/state.ts'
import type { DatasetVersion } from '../../track/dataset-store.ts'

const Hash = z.string().regex(/^sha256:[0-9a-f]{64}$/)
const Count = z.int().nonnegative()

/** A version as a remote has it: a blob, so that it is encrypted where contents are. Its note names the blob alone. */
const RemoteVersion = z.object({
  format: z.literal('bellwether-dataset-version'),
  version: z.literal(1),
  id: Hash,
  name: z.string().min(1).max(1000),
  nRows: Count,
  nRejected: Count,
  schema: TableSchema,
  /** JSON of a state: it may hold typed arrays and NaN. */
  profile: z.string(),
  source: z.string(),
  createdTime: z.int(),
  /** The table, or the list of files. */
  blob: Hash,
  files: z.object({ nFiles: Count, sizeBytes: Count }).optional(),
  /** Of files: the packs that have their chunks. */
  packs: z.array(Hash),
})
export type RemoteVersion = z.output<typeof RemoteVersion>

/** The chunks of a pack in its order: hash, first byte, size. */
const PackIndex = z.array(z.tuple([z.string().regex(/^[0-9a-f]{64}$/), Count, Count]))
export type PackIndex = z.output<typeof PackIndex>

const Note = z.object({ document: Hash })

export const versionNote = (id: string) => `datasets/${id.slice(7)}.json`
export const packNote = (pack: string) => `packs/${pack.slice(7)}.json`

export function encodeVersion(dataset: DatasetVersion, packs: readonly string[]): Uint8Array {
  const { id, name, nRows, nRejected, schema, source, createdTime, blob, files } = dataset
  const document: RemoteVersion = {
    format: 'bellwether-dataset-version',
    version: 1,
    id,
    name,
    nRows,
    nRejected,
    schema,
    profile: new TextDecoder().decode(encodeState(dataset.profile as State)),
    source,
    createdTime,
    blob,
    ...(files ? { files } : {}),
    packs: [...packs],
  }
  return Buffer.from(JSON.stringify(document))
}

/** @throws REMOTE_INVALID */
export function decodeVersion(bytes: Uint8Array, place: string): RemoteVersion {
  return decoded(RemoteVersion, bytes, `a version in ${place}`)
}

/** @throws REMOTE_INVALID */
export function decodeNote(bytes: Uint8Array, place: string): string {
  return decoded(Note, bytes, `a note in ${place}`).document
}

export const encodeNote = (document: string): Uint8Array => Buffer.from(`${JSON.stringify({ document })}\n`)

/** @throws REMOTE_INVALID */
export function decodePackIndex(bytes: Uint8Array, place: string): PackIndex {
  return decoded(PackIndex, bytes, `the list of a pack in ${place}`)
}

export const encodePackIndex = (index: PackIndex): Uint8Array => Buffer.from(JSON.stringify(index))

export function profileOf({ profile }: RemoteVersion): unknown {
  return decodeState(Buffer.from(profile))
}

function decoded<Schema extends z.ZodType>(schema: Schema, bytes: Uint8Array, what: string): z.output<Schema> {
  let value: unknown
  try {
    value = JSON.parse(Buffer.from(bytes).toString())
  } catch (cause) {
    throw new BellwetherError('REMOTE_INVALID', `What lies there as ${what} is no JSON.`, { cause })
  }
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const [fault] = parsed.error.issues
  throw new BellwetherError(
    'REMOTE_INVALID',
    `What lies there as ${what} is none: ${fault?.path.join('.')}: ${fault?.message}`,
  )
}
