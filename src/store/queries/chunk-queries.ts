/** Chunks that are asked for at once; a query has always as many places, so that few are prepared. */
export const HASHES_PER_QUERY = 256
export const ROWS_PER_INSERT = 200

export interface ChunkRow {
  hash: string
  blob: string
  position: number
  size_bytes: number
}

export const SELECT_CHUNKS = `
SELECT c.hash, p.blob, c.position, c.size_bytes FROM chunks c JOIN chunk_packs p ON p.id = c.pack
WHERE c.hash IN (${Array.from({ length: HASHES_PER_QUERY }, () => '?').join(', ')})`

export const INSERT_PACK = `
INSERT INTO chunk_packs (id, blob, size_bytes, created_time) VALUES (?, ?, ?, ?)`

/** A chunk that another pack has already stays there. */
export const insertChunks = (rows: number) => `
INSERT INTO chunks (hash, pack, position, size_bytes) VALUES ${Array.from({ length: rows }, () => '(?, ?, ?, ?)').join(', ')}
ON CONFLICT (hash) DO NOTHING`

export interface WriterRow {
  id: string
  process: string
  started_time: number
}

export const INSERT_WRITER = `
INSERT INTO chunk_writers (id, process, started_time) VALUES (?, ?, ?)`

export const DELETE_WRITER = `
DELETE FROM chunk_writers WHERE id = ?`

export const SELECT_WRITERS = `
SELECT id, process, started_time FROM chunk_writers`

export interface PackRow {
  id: number
  blob: string
  created_time: number
}

/** Lists of files of all versions that still have their contents. */
export const SELECT_FILE_VERSIONS = `
SELECT blob FROM datasets WHERE n_files IS NOT NULL AND erased_time IS NULL ORDER BY id`

export const SELECT_PACKS = `
SELECT id, blob, created_time FROM chunk_packs ORDER BY id`

export const SELECT_CHUNK_PACKS = `
SELECT hash, pack, size_bytes FROM chunks`

export const COUNT_CHUNKS_OF_PACK = `
SELECT CAST(SUM(size_bytes) AS BIGINT) AS bytes FROM chunks WHERE pack = ?`

export const DELETE_CHUNKS_OF_PACK = `
DELETE FROM chunks WHERE pack = ?`

export const DELETE_PACK = `
DELETE FROM chunk_packs WHERE id = ?`
