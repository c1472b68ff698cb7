import { decodeManifest } from '../data/versions/tree-manifest.ts'
import { BellwetherError } from '../errors.ts'
import type { Home } from './open-home.ts'
import {
  COUNT_CHUNKS_OF_PACK,
  DELETE_CHUNKS_OF_PACK,
  DELETE_PACK,
  type PackRow,
  SELECT_CHUNK_PACKS,
  SELECT_FILE_VERSIONS,
  SELECT_PACKS,
} from './queries/chunk-queries.ts'
import { chunkWriters } from './sql-chunk-index.ts'
import type { SqlConnection } from './sql-database.ts'

export interface GarbageOptions {
  readonly now: number
  /** What was written later than so long ago is left, whether anything refers to it or not: its writer may not have come to that yet. */
  readonly olderThanMs: number
  readonly dryRun: boolean
}

export interface Garbage {
  /** Blobs that nothing refers to, packs among them. */
  readonly blobs: number
  readonly storedBytes: number
  readonly removed: boolean
  /** Blobs that nothing refers to, and that stay: they are younger, or in a place where they can't be removed beside writers. */
  readonly left: number
  /** Bytes of chunks that no version has, in packs with others that some version has; they stay. */
  readonly unusedInPacks: number
  /** How many were adding data meanwhile; then packs are left for the next time. */
  readonly writers: number
}

/** Tables without hashes of blobs, and with most of the rows. */
const NO_REFERENCES = new Set(['metrics', 'latest_metrics', 'chunks', 'logged_model_metrics'])

/**
 * Removes blobs that nothing in the home refers to: no column of any table, and for packs no chunk of any version. Safe beside running writers: what is
 * younger than `olderThanMs` stays, and putting content that is there makes it young; packs go only while nobody adds data, in the transaction
 * that says so.
 */
export async function collectGarbage(
  home: Pick<Home, 'database' | 'blobs'>,
  options: GarbageOptions,
): Promise<Garbage> {
  const before = options.now - options.olderThanMs
  // The list comes before the references: a blob whose row is made meanwhile was put meanwhile, and is young.
  const candidates: { hash: string; storedBytes: number; modifiedTime: number }[] = []
  for await (const entry of home.blobs.list()) candidates.push(entry)
  const packs = await collectPacks(home, before, options)
  const referenced = await referencedHashes(home)
  let blobs = 0
  let storedBytes = 0
  let left = 0
  for (const { hash, storedBytes: size, modifiedTime } of candidates) {
    const isPack = packs.dead.has(hash)
    if (!isPack && (referenced.has(hash) || packs.live.has(hash))) continue
    if (!isPack && (modifiedTime >= before || !home.blobs.deleteUnlessPut)) {
      left += 1
      continue
    }
    if (!options.dryRun) {
      // No two packs are the same blob, so nobody puts this one again.
      if (isPack) await home.blobs.delete(hash)
      else if (!(await home.blobs.deleteUnlessPut!(hash, before))) {
        left += 1
        continue
      }
    }
    blobs += 1
    storedBytes += size
  }
  return {
    blobs,
    storedBytes,
    left,
    removed: !options.dryRun,
    unusedInPacks: packs.unusedBytes,
    writers: packs.writers,
  }
}

interface Packs {
  /** Blobs of packs that no version needs; their rows are gone, unless it is a dry run. */
  readonly dead: ReadonlySet<string>
  readonly live: ReadonlySet<string>
  readonly unusedBytes: number
  readonly writers: number
}

async function collectPacks(
  home: Pick<Home, 'database' | 'blobs'>,
  before: number,
  { now, dryRun }: GarbageOptions,
): Promise<Packs> {
  for (let attempt = 0; attempt < 3; attempt++) {
    const manifests = await home.database.read(fileVersions)
    const liveChunks = new Set<string>()
    for (const manifest of manifests) {
      for await (const { chunks } of decodeManifest(await home.blobs.getStream(manifest)))
        for (const { hash } of chunks) liveChunks.add(hash)
    }
    const found = await home.database.write(async (sql) => {
      const again = await fileVersions(sql)
      if (again.length !== manifests.length || again.some((each, i) => each !== manifests[i])) return null
      const writers = await chunkWriters(sql, now)
      return packsOf(sql, liveChunks, before, writers, dryRun)
    })
    if (found) return found
  }
  throw new BellwetherError('DATA_BUSY', 'Versions of files come and go faster than they can be looked through.')
}

async function packsOf(
  sql: SqlConnection,
  liveChunks: ReadonlySet<string>,
  before: number,
  writers: number,
  dryRun: boolean,
): Promise<Packs> {
  const used = new Map<number, number>()
  for (const { hash, pack, size_bytes: size } of await sql.all<{ hash: string; pack: number; size_bytes: number }>(
    SELECT_CHUNK_PACKS,
  ))
    if (liveChunks.has(hash)) used.set(pack, (used.get(pack) ?? 0) + size)
  const dead = new Set<string>()
  const live = new Set<string>()
  let unusedBytes = 0
  for (const { id, blob, created_time: time } of await sql.all<PackRow>(SELECT_PACKS)) {
    if (used.has(id) || writers > 0 || time >= before) {
      live.add(blob)
      const held = (await sql.first<{ bytes: number | null }>(COUNT_CHUNKS_OF_PACK, id))?.bytes ?? 0
      unusedBytes += held - (used.get(id) ?? 0)
      continue
    }
    dead.add(blob)
    if (dryRun) continue
    await sql.run(DELETE_CHUNKS_OF_PACK, id)
    await sql.run(DELETE_PACK, id)
  }
  return { dead, live, unusedBytes, writers }
}

async function fileVersions(sql: SqlConnection): Promise<string[]> {
  const rows = await sql.all<{ blob: string }>(SELECT_FILE_VERSIONS)
  return rows.map(({ blob }) => blob)
}

/** Every hash in any column of any table: a table that is added later is looked through without being named here. */
async function referencedHashes({ database }: Pick<Home, 'database'>): Promise<Set<string>> {
  const shapes = (await database.shapes()).filter(({ name }) => !NO_REFERENCES.has(name) && name !== 'chunk_packs')
  return database.read(async (sql) => {
    const hashes = new Set<string>()
    for (const { name, columns } of shapes) {
      for (const column of columns) {
        const text = `CAST("${column}" AS TEXT)`
        const rows = await sql.all<{ value: string }>(
          `SELECT DISTINCT ${text} AS value FROM "${name}" WHERE ${text} LIKE '%sha256:%'`,
        )
        for (const { value } of rows) for (const [hash] of value.matchAll(/sha256:[0-9a-f]{64}/g)) hashes.add(hash)
      }
    }
    return hashes
  })
}
