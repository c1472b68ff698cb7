import { randomBytes, randomUUID } from 'node:crypto'
import { BellwetherError } from '../../errors.ts'
import type { ArtifactEntry, StoredArtifact } from '../../track/mlflow-model.ts'
import { invalidParameter } from '../../track/mlflow-rules.ts'
import type { ArtifactStore, ArtifactUpload, UploadedPart } from '../../track/mlflow-stores.ts'
import { unknownUpload } from '../../track/multipart-uploads.ts'
import { UPSERT_ARTIFACT } from '../queries/artifact-queries.ts'
import type { SqlConnection, SqlDatabase } from '../sql-database.ts'

interface FileRow {
  path: string
  hash: string
  size_bytes: number
  media_type: string
}

/** Where the files under a path are kept: rows of one table that have these values, named relative to `prefix`. */
interface Place {
  readonly kind: 'run' | 'version' | 'stored'
  /** Part of the whole path that the row's own path comes after; '' or ends in a slash. */
  readonly prefix: string
  readonly keys: readonly (string | number)[]
  /** The path within the place. */
  readonly path: string
}

const RUN_PATH = /^([\w-]+)\/([0-9a-f]{32})\/artifacts(?:\/(.*))?$/
const MODEL_PATH = /^([\w-]+\/models\/[\w-]+\/artifacts)(?:\/(.*))?$/
/** Files of our own model versions, as MLflow's clients download them; nobody writes there. */
const VERSION_PATH = /^registry\/([^/]+)\/(\d+)(?:\/(.*))?$/
const RUN_OF_EXPERIMENT = `SELECT 1 AS found FROM runs WHERE id = ? AND experiment_id = ?`

const SELECT: Readonly<Record<Place['kind'], string>> = {
  run: `SELECT path, hash, size_bytes, media_type FROM artifacts WHERE run_id = ?`,
  version: `SELECT path, hash, size_bytes, 'application/octet-stream' AS media_type FROM model_version_files WHERE model = ? AND version = ?`,
  stored: `SELECT path, hash, size_bytes, media_type FROM stored_artifacts WHERE root = ?`,
}
const BELOW = `AND substr(path, 1, ?) = ? ORDER BY path`
const UPSERT_STORED = `
INSERT INTO stored_artifacts (root, path, hash, size_bytes, media_type) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (root, path) DO UPDATE SET hash = excluded.hash, size_bytes = excluded.size_bytes, media_type = excluded.media_type`
const DELETE: Readonly<Record<'run' | 'stored', string>> = {
  run: `DELETE FROM artifacts WHERE run_id = ? AND (path = ? OR substr(path, 1, ?) = ?)`,
  stored: `DELETE FROM stored_artifacts WHERE root = ? AND (path = ? OR substr(path, 1, ?) = ?)`,
}
const INSERT_UPLOAD = `INSERT INTO artifact_uploads (id, path, created_time) VALUES (?, ?, ?)`
const PROLONG_UPLOAD = `UPDATE artifact_uploads SET created_time = ? WHERE id = ?`
const SELECT_STALE = `SELECT id FROM artifact_uploads WHERE created_time < ? ORDER BY created_time, id`
const SELECT_UPLOAD = `SELECT path FROM artifact_uploads WHERE id = ?`
const UPSERT_PART = `
INSERT INTO artifact_upload_parts (upload_id, part_number, hash, size_bytes) VALUES (?, ?, ?, ?)
ON CONFLICT (upload_id, part_number) DO UPDATE SET hash = excluded.hash, size_bytes = excluded.size_bytes`
/** Not a part: the whole, once the upload has become an artifact. */
const WHOLE = 0
const SELECT_PART = `SELECT hash FROM artifact_upload_parts WHERE upload_id = ? AND part_number = ?`
const SELECT_PARTS = `
SELECT part_number AS number, hash, size_bytes AS "sizeBytes" FROM artifact_upload_parts WHERE upload_id = ? ORDER BY part_number`
const INSERT_SECRET = `INSERT INTO installation_settings (name, value) VALUES (?, ?) ON CONFLICT (name) DO NOTHING`
const SELECT_SECRET = `SELECT value FROM installation_settings WHERE name = ?`

/** The artifact store's names on a SQL database, whatever its dialect; contents are blobs. */
export class SqlArtifactStore implements ArtifactStore {
  readonly #database: SqlDatabase

  constructor(database: SqlDatabase) {
    this.#database = database
  }

  async put(artifact: StoredArtifact): Promise<void> {
    await this.#database.write((sql) => putArtifact(sql, artifact))
  }

  async get(path: string): Promise<StoredArtifact> {
    const row = await this.#database.read(async (sql) => {
      const place = await placeOf(sql, path)
      return sql.first<FileRow>(`${SELECT[place.kind]} AND path = ?`, ...place.keys, place.path)
    })
    if (!row) throw new BellwetherError('ARTIFACT_NOT_FOUND', `No such artifact: '${path}'`)
    return { path, hash: row.hash, sizeBytes: row.size_bytes, mediaType: row.media_type }
  }

  async list(folder: string): Promise<ArtifactEntry[]> {
    const files = await this.below(folder)
    const entries = new Map<string, ArtifactEntry>()
    const start = folder === '' ? 0 : folder.length + 1
    for (const file of files) {
      const inside = file.path.slice(start)
      const slash = inside.indexOf('/')
      if (slash < 0) entries.set(inside, { path: inside, isFolder: false, sizeBytes: file.sizeBytes })
      else entries.set(inside.slice(0, slash), { path: inside.slice(0, slash), isFolder: true, sizeBytes: null })
    }
    return [...entries.values()].sort((left, right) => (left.path < right.path ? -1 : 1))
  }

  below(folder: string): Promise<StoredArtifact[]> {
    return this.#database.read(async (sql) => {
      const place = await placeOf(sql, folder)
      const start = place.path === '' ? '' : `${place.path}/`
      const rows = await sql.all<FileRow>(
        `${SELECT[place.kind]} ${BELOW}`,
        ...place.keys,
        Array.from(start).length,
        start,
      )
      return rows.map((row) => ({
        path: `${place.prefix}${row.path}`,
        hash: row.hash,
        sizeBytes: row.size_bytes,
        mediaType: row.media_type,
      }))
    })
  }

  delete(path: string): Promise<number> {
    return this.#database.write(async (sql) => {
      const place = await placeOf(sql, path)
      if (place.kind === 'version') throw invalidParameter('path', 'The files of a registered version stay with it.')
      const start = place.path === '' ? '' : `${place.path}/`
      return sql.run(DELETE[place.kind], ...place.keys, place.path, Array.from(start).length, start)
    })
  }

  async beginUpload(path: string, now: number): Promise<string> {
    const id = randomUUID()
    await this.#database.write(async (sql) => {
      await writablePlace(sql, path)
      await sql.run(INSERT_UPLOAD, id, path, now)
    })
    return id
  }

  upload(id: string): Promise<ArtifactUpload> {
    return this.#database.read(async (sql) => {
      const path = await requireUpload(sql, id)
      const parts = await sql.all<UploadedPart>(SELECT_PARTS, id)
      return { path, whole: parts[0]?.number === WHOLE, parts: parts.filter(({ number }) => number !== WHOLE) }
    })
  }

  putPart(uploadId: string, part: UploadedPart): Promise<string | null> {
    return this.#database.write(async (sql) => {
      await requireUpload(sql, uploadId)
      if (await sql.first(SELECT_PART, uploadId, WHOLE)) throw unknownUpload()
      const before = await sql.first<{ hash: string }>(SELECT_PART, uploadId, part.number)
      await sql.run(UPSERT_PART, uploadId, part.number, part.hash, part.sizeBytes)
      return before?.hash ?? null
    })
  }

  async finishUpload(uploadId: string, artifact: StoredArtifact): Promise<void> {
    await this.#database.write(async (sql) => {
      await requireUpload(sql, uploadId)
      if (await sql.first(SELECT_PART, uploadId, WHOLE)) return
      await putArtifact(sql, artifact)
      await sql.run(UPSERT_PART, uploadId, WHOLE, artifact.hash, artifact.sizeBytes)
    })
  }

  async prolongUpload(id: string, now: number): Promise<void> {
    await this.#database.write((sql) => sql.run(PROLONG_UPLOAD, now, id))
  }

  async endUpload(uploadId: string): Promise<void> {
    await this.#database.write(async (sql) => {
      await sql.run(`DELETE FROM artifact_upload_parts WHERE upload_id = ?`, uploadId)
      await sql.run(`DELETE FROM artifact_uploads WHERE id = ?`, uploadId)
    })
  }

  async staleUploads(before: number): Promise<string[]> {
    const rows = await this.#database.read((sql) => sql.all<{ id: string }>(SELECT_STALE, before))
    return rows.map(({ id }) => id)
  }

  async secret(name: string): Promise<string> {
    const find = (sql: SqlConnection) => sql.first<{ value: string }>(SELECT_SECRET, name)
    const known = await this.#database.read(find)
    if (known) return known.value
    return this.#database.write(async (sql) => {
      await sql.run(INSERT_SECRET, name, randomBytes(32).toString('base64url'))
      return (await find(sql))!.value
    })
  }
}

async function putArtifact(sql: SqlConnection, { path, hash, sizeBytes, mediaType }: StoredArtifact): Promise<void> {
  const place = await writablePlace(sql, path)
  const query = place.kind === 'run' ? UPSERT_ARTIFACT : UPSERT_STORED
  await sql.run(query, ...place.keys, place.path, hash, sizeBytes, mediaType)
}

/** @throws INVALID_INPUT where nothing can be put */
async function writablePlace(sql: SqlConnection, path: string): Promise<Place> {
  const place = await placeOf(sql, path)
  if (place.kind === 'version')
    throw invalidParameter('path', 'The files of a registered version are never written again.')
  if (place.path === '') throw invalidParameter('path', 'Invalid path')
  return place
}

async function placeOf(sql: SqlConnection, path: string): Promise<Place> {
  const ofRun = RUN_PATH.exec(path)
  if (ofRun && (await sql.first(RUN_OF_EXPERIMENT, ofRun[2]!, ofRun[1]!)))
    return { kind: 'run', prefix: `${ofRun[1]}/${ofRun[2]}/artifacts/`, keys: [ofRun[2]!], path: ofRun[3] ?? '' }
  const ofVersion = VERSION_PATH.exec(path)
  if (ofVersion) {
    const [, model, version, rest] = ofVersion
    return {
      kind: 'version',
      prefix: `registry/${model}/${version}/`,
      keys: [model!, Number(version)],
      path: rest ?? '',
    }
  }
  const ofModel = MODEL_PATH.exec(path)
  if (ofModel) return { kind: 'stored', prefix: `${ofModel[1]}/`, keys: [ofModel[1]!], path: ofModel[2] ?? '' }
  return { kind: 'stored', prefix: '', keys: [''], path }
}

async function requireUpload(sql: SqlConnection, id: string): Promise<string> {
  const upload = await sql.first<{ path: string }>(SELECT_UPLOAD, id)
  if (!upload) throw unknownUpload()
  return upload.path
}
