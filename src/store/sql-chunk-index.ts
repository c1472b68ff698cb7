import { hostname } from 'node:os'
import { ulid } from 'ulid'
import type { ChunkIndex, ChunkPlace, PackedChunk } from '../data/versions/chunk-index.ts'
import { BellwetherError } from '../errors.ts'
import { processIsAlive, processTag } from '../pipeline/provenance.ts'
import type { BlobStore } from '../track/blob-store.ts'
import {
  type ChunkRow,
  DELETE_WRITER,
  HASHES_PER_QUERY,
  INSERT_PACK,
  INSERT_WRITER,
  insertChunks,
  ROWS_PER_INSERT,
  SELECT_CHUNKS,
  SELECT_WRITERS,
  type WriterRow,
} from './queries/chunk-queries.ts'
import { nextNumber } from './queries/counters.ts'
import { requireBlob } from './required-blob.ts'
import type { SqlConnection, SqlDatabase } from './sql-database.ts'

/** A process of another machine can't be asked whether it lives: its word counts for so long. */
const OTHER_HOST_MS = 24 * 60 * 60 * 1000

/** Chunks on a SQL database, whatever its dialect. */
export class SqlChunkIndex implements ChunkIndex {
  readonly #database: SqlDatabase
  readonly #blobs: BlobStore

  constructor(database: SqlDatabase, blobs: BlobStore) {
    this.#database = database
    this.#blobs = blobs
  }

  async locate(hashes: readonly string[]): Promise<Map<string, ChunkPlace>> {
    const places = new Map<string, ChunkPlace>()
    if (hashes.length === 0) return places
    await this.#database.read(async (sql) => {
      for (let from = 0; from < hashes.length; from += HASHES_PER_QUERY) {
        const page = Array.from({ length: HASHES_PER_QUERY }, (_, i) => hashes[from + i] ?? hashes[from]!)
        for (const row of await sql.all<ChunkRow>(SELECT_CHUNKS, ...page))
          places.set(row.hash, { pack: row.blob, position: row.position, sizeBytes: row.size_bytes })
      }
    })
    return places
  }

  async addPack(
    { blob, sizeBytes, time }: { readonly blob: string; readonly sizeBytes: number; readonly time: number },
    chunks: readonly PackedChunk[],
  ): Promise<void> {
    await requireBlob(this.#blobs, blob, 'A pack of chunks')
    await this.#database.write(async (sql) => {
      const pack = await nextNumber(sql, 'chunk_packs')
      await sql.run(INSERT_PACK, pack, blob, sizeBytes, time)
      for (let from = 0; from < chunks.length; from += ROWS_PER_INSERT) {
        const rows = chunks.slice(from, from + ROWS_PER_INSERT)
        const values = rows.flatMap(({ hash, position, sizeBytes: bytes }) => [hash, pack, position, bytes])
        await sql.run(insertChunks(rows.length), ...values)
      }
    })
  }

  async whileWriting<T>(work: () => Promise<T>): Promise<T> {
    const id = ulid()
    await this.#database.write((sql) => sql.run(INSERT_WRITER, id, processTag(), Date.now()))
    try {
      return await work()
    } finally {
      // Where the database has gone, the row stays until this process has ended.
      await this.#database.write((sql) => sql.run(DELETE_WRITER, id)).catch(() => undefined)
    }
  }
}

/**
 * How many are writing chunks just now; those whose process is gone are struck off. Inside the transaction that removes chunks: who begins to write
 * afterwards does not find them any more.
 */
export async function chunkWriters(sql: SqlConnection, now: number): Promise<number> {
  let alive = 0
  for (const { id, process, started_time: started } of await sql.all<WriterRow>(SELECT_WRITERS)) {
    const isHere = process.startsWith(`${hostname()}:`)
    if (isHere ? processIsAlive(process) : now - started < OTHER_HOST_MS) alive += 1
    else await sql.run(DELETE_WRITER, id)
  }
  return alive
}

/** @throws DATA_BUSY */
export async function requireNoChunkWriter(sql: SqlConnection, now: number): Promise<void> {
  if ((await chunkWriters(sql, now)) > 0)
    throw new BellwetherError('DATA_BUSY', 'Another process is adding data to this home just now.')
}
