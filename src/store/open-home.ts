import { access, chmod, constants, link, readdir, rename, rm, rmdir, stat } from 'node:fs/promises'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import type { ChunkIndex } from '../data/versions/chunk-index.ts'
import { BellwetherError } from '../errors.ts'
import { parseTrustedKeys, signingKeyFromEnvironment, type TrustedKeys } from '../packaging/sign-manifest.ts'
import { type KeyRing, keyRingFromEnvironment } from '../security/at-rest/key-ring.ts'
import type { AuditLog, KeyStore } from '../security/key-store.ts'
import type { OutcomeStore } from '../serve/outcomes/outcome-store.ts'
import type { DatasetStore } from '../track/dataset-store.ts'
import type { ErasureStore } from '../track/erasure-store.ts'
import type { LineageStore } from '../track/lineage/lineage.ts'
import type { MlflowStores } from '../track/mlflow-stores.ts'
import type { ModelRegistry } from '../track/model-registry.ts'
import type { TrackingStore } from '../track/tracking-store.ts'
import { FileBlobStore } from './blobs/file-blob-store.ts'
import type { HomeBlobs } from './blobs/home-blobs.ts'
import { FOLDER_MODE, makeFolder, removeStaleTemporaries, syncFolder, temporaryName } from './durable-files.ts'
import { parseHomePlace } from './home-place.ts'
import { migrate, requireCurrentSchema } from './migrations/migrate.ts'
import { openMlflowStores } from './mlflow/open-mlflow-stores.ts'
import { openPostgres } from './postgres/open-postgres.ts'
import { SqlChunkIndex } from './sql-chunk-index.ts'
import type { SqlDatabase } from './sql-database.ts'
import { SqlDatasetStore } from './sql-dataset-store.ts'
import { SqlErasureStore } from './sql-erasure-store.ts'
import { SqlKeyStore } from './sql-key-store.ts'
import { SqlLineageStore } from './sql-lineage-store.ts'
import { SqlModelRegistry } from './sql-model-registry.ts'
import { SqlOutcomeStore } from './sql-outcome-store.ts'
import { SqlTrackingStore } from './sql-tracking-store.ts'
import { createDatabaseFile } from './sqlite/create-database-file.ts'
import { SqliteDatabase } from './sqlite/sqlite-database.ts'
import { storageError } from './storage-errors.ts'

/** Where an installation keeps its state: the stores over one folder, or over a PostgreSQL database and a folder or a bucket for its blobs. */
export interface Home {
  readonly folder: string
  /** What the stores are on, for what copies or checks all tables. */
  readonly database: SqlDatabase
  readonly tracking: TrackingStore
  readonly datasets: DatasetStore
  /** Contents of the versions of files. */
  readonly chunks: ChunkIndex
  readonly models: ModelRegistry
  readonly lineage: LineageStore
  /** What MLflow's clients keep, over the same tables. */
  readonly mlflow: MlflowStores
  readonly blobs: HomeBlobs
  /** Takes persons out of what is kept, and what is older than it may be. */
  readonly erasures: ErasureStore
  /** What became of those who were predicted. */
  readonly outcomes: OutcomeStore
  readonly keys: KeyStore
  readonly audit: AuditLog
  /** Ends the connection; idempotent. */
  close(): Promise<void>
}

export interface OpenHomeOptions {
  /** Nothing is changed; the folder must be there, and its schema current. */
  readonly readOnly?: boolean
  /** Make the folder where there is none. Default: true, unless `readOnly`. */
  readonly create?: boolean
  /** How long a write waits for other processes before HOME_LOCKED. Default: 30 s. */
  readonly busyTimeoutMs?: number
  /** Keys that blobs are encrypted with, or null for none. Default: those of the environment, so that no command forgets them. */
  readonly ring?: KeyRing | null
  /** Keys that packages must be signed with to be loaded, or null. Default: those of `BELLWETHER_TRUSTED_KEYS`. */
  readonly trustedKeys?: TrustedKeys | null
}

export const DATABASE_FILE = 'bellwether.db'
export const BLOBS_FOLDER = 'blobs'

/**
 * Opens a home: `bellwether.db` and `blobs/` in one folder, or the tables in PostgreSQL (`parseHomePlace`). Several processes may have the same one open. A home that was not there is made whole
 * or not at all; what a failed attempt made is removed.
 * @throws HOME_NOT_FOUND, HOME_NOT_A_FOLDER, HOME_DENIED, HOME_READ_ONLY, HOME_LOCKED, HOME_CORRUPT, HOME_TOO_NEW, HOME_TOO_OLD,
 *   STORAGE_FULL, STORAGE_FAILED, DATABASE_UNREACHABLE, BLOB_STORE_UNREACHABLE, ENCRYPTION_KEY_INVALID, ENCRYPTION_KEY_MISSING,
 *   SIGNING_KEY_INVALID
 */
export async function openHome(place: string, options: OpenHomeOptions = {}): Promise<Home> {
  const { folder: root, databaseUrl, bucketUrl } = parseHomePlace(place)
  const { readOnly = false, create = !readOnly, busyTimeoutMs = 30_000 } = options
  const ring = options.ring === undefined ? await keyRingFromEnvironment(process.env) : options.ring
  const trusted = process.env['BELLWETHER_TRUSTED_KEYS']
  const trustedKeys =
    options.trustedKeys === undefined ? (trusted ? await parseTrustedKeys(trusted) : null) : options.trustedKeys
  const signingKey = await signingKeyFromEnvironment(process.env)
  const made = await prepareFolder(root, create && !readOnly)
  try {
    const database =
      databaseUrl !== null
        ? await openPostgres(databaseUrl, { readOnly, create, busyTimeoutMs })
        : readOnly
          ? await openToRead(root, busyTimeoutMs)
          : await openToWrite(root, create, busyTimeoutMs)
    try {
      const blobs = await openBlobs(root, bucketUrl, { readOnly, now: Date.now(), ring, trustedKeys })
      const keys = new SqlKeyStore(database)
      return {
        folder: root,
        database,
        tracking: new SqlTrackingStore(database, blobs.store),
        datasets: new SqlDatasetStore(database, blobs.store),
        lineage: new SqlLineageStore(database),
        chunks: new SqlChunkIndex(database, blobs.store),
        models: new SqlModelRegistry(database, blobs.store, signingKey),
        mlflow: openMlflowStores(database),
        blobs: blobs.store,
        erasures: new SqlErasureStore(database, blobs.store),
        outcomes: new SqlOutcomeStore(database),
        keys,
        audit: keys,
        close: () => {
          blobs.close()
          return database.close()
        },
      }
    } catch (error) {
      await database.close()
      throw error
    }
  } catch (error) {
    if (made) await removeWhenEmpty(root, made)
    throw storageError(error, root)
  }
}

/** The code for buckets is loaded where there is one. */
async function openBlobs(
  root: string,
  bucketUrl: string | null,
  options: Parameters<typeof FileBlobStore.open>[1],
): Promise<{ readonly store: HomeBlobs; close(): void }> {
  const folder = path.join(root, BLOBS_FOLDER)
  if (bucketUrl === null) return { store: await FileBlobStore.open(folder, options), close: () => undefined }
  const { S3BlobStore } = await import('./blobs/s3-blob-store.ts')
  const store = await S3BlobStore.open(bucketUrl, folder, options)
  return { store, close: () => store.close() }
}

/** @returns The uppermost folder that was made for it, or null. */
async function prepareFolder(root: string, create: boolean): Promise<string | null> {
  try {
    const found = await stat(root).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return null
      throw error
    })
    if (found && !found.isDirectory()) {
      throw new BellwetherError('HOME_NOT_A_FOLDER', `${root}: expected a folder, found a file.`)
    }
    if (!found && !create) throw new BellwetherError('HOME_NOT_FOUND', `${root}: there is no such folder.`)
    if (!found) {
      // Asked beforehand, because a recursive mkdir on a read-only disk answers "not found".
      await requireAccess(await nearestFolder(path.dirname(root)), constants.W_OK | constants.X_OK)
      return await makeFolder(root)
    }
    // An empty folder is made ours; one with other things in it keeps its permissions (the files inside are for the owner alone anyway).
    if (create && (await readdir(root)).length === 0) await chmod(root, FOLDER_MODE).catch(() => undefined)
    return null
  } catch (error) {
    throw storageError(error, root)
  }
}

/** The folder itself, or the nearest one above it that is there. */
async function nearestFolder(folder: string): Promise<string> {
  return (await isThere(folder)) ? folder : nearestFolder(path.dirname(folder))
}

async function openToWrite(root: string, create: boolean, busyTimeoutMs: number): Promise<SqlDatabase> {
  const file = path.join(root, DATABASE_FILE)
  await requireAccess(root, constants.R_OK | constants.W_OK | constants.X_OK)
  await removeStaleTemporaries(root, Date.now())
  if (!(await isThere(file))) {
    if (!create) throw new BellwetherError('HOME_NOT_FOUND', `${root}: there is no ${DATABASE_FILE} in this folder.`)
    await placeNewDatabase(root, file)
  }
  await requireAccess(file, constants.R_OK | constants.W_OK)
  // A database has its whole schema from the instant it has its name; SQLite takes an empty file for a new one.
  if ((await stat(file)).size === 0) throw new BellwetherError('HOME_CORRUPT', `${file} is empty: it was cut off.`)
  const database = SqliteDatabase.open(file, { readOnly: false, busyTimeoutMs })
  try {
    await migrate(database, file)
    return database
  } catch (error) {
    await database.close()
    throw error
  }
}

/** A database appears under its name with its whole schema. Where another process was faster, its database is the one. */
async function placeNewDatabase(root: string, file: string): Promise<void> {
  const temporary = temporaryName(root)
  try {
    await createDatabaseFile(temporary, file)
    await link(temporary, file).catch(async (error: NodeJS.ErrnoException) => {
      if (error.code === 'EEXIST') return
      // A file system without hard links: here alone a second process that starts at the same instant could be lost from sight.
      if (error.code === 'EPERM' || error.code === 'ENOTSUP' || error.code === 'ENOSYS') return rename(temporary, file)
      throw error
    })
    await syncFolder(root)
  } finally {
    await rm(temporary, { force: true })
  }
}

async function openToRead(root: string, busyTimeoutMs: number): Promise<SqlDatabase> {
  const file = path.join(root, DATABASE_FILE)
  await requireAccess(root, constants.R_OK | constants.X_OK)
  if (!(await isThere(file)))
    throw new BellwetherError('HOME_NOT_FOUND', `${root}: there is no ${DATABASE_FILE} in this folder.`)
  await requireAccess(file, constants.R_OK)
  const database = SqliteDatabase.open((await cannotChange(root)) ? immutableUrl(file) : file, {
    readOnly: true,
    busyTimeoutMs,
  })
  try {
    await requireCurrentSchema(database, file)
    return database
  } catch (error) {
    await database.close()
    throw error
  }
}

/** SQLite reads a WAL database only where it can keep a lock file beside it, unless it is told that nobody can change it. */
async function cannotChange(root: string): Promise<boolean> {
  if (await isThere(path.join(root, `${DATABASE_FILE}-wal`))) return false
  return access(root, constants.W_OK).then(
    () => false,
    (error: NodeJS.ErrnoException) => error.code === 'EROFS',
  )
}

function immutableUrl(file: string): URL {
  const url = pathToFileURL(file)
  url.searchParams.set('immutable', '1')
  return url
}

async function requireAccess(place: string, mode: number): Promise<void> {
  await access(place, mode).catch((error: unknown) => {
    throw storageError(error, place)
  })
}

const isThere = (file: string): Promise<boolean> =>
  stat(file).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return false
      throw storageError(error, file)
    },
  )

/** Undoes `makeFolder`: removes the folders from `root` up to `made`, unless another process has put something there meanwhile. */
async function removeWhenEmpty(root: string, made: string): Promise<void> {
  for (let folder = root; folder.length >= made.length; folder = path.dirname(folder)) {
    const removed = await rmdir(folder).then(
      () => true,
      () => false,
    )
    if (!removed) return
  }
}
