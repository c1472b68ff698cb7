import { BellwetherError } from '../errors.ts'
import type { TableSchema } from '../table/schema.ts'

/** Versions of data, named by the hash of their content. */
export interface DatasetStore {
  /**
   * Idempotent: the same id is saved once; a second read of the same content adds a source only. @throws DATASET_ERASED for content out of which a person
   * was erased
   */
  putDataset(dataset: DatasetVersion): Promise<void>
  /** @throws DATASET_NOT_FOUND; `id` may be an unambiguous prefix (`sha256:` may be left out). */
  dataset(id: string): Promise<DatasetVersion>
  /** Newest first. */
  datasets(query?: { name?: string; limit?: number }): Promise<DatasetVersion[]>
  /** Columns that the projects which read it name as the identifier of persons, that of the newest reading first. @param id whole */
  idColumns(id: string): Promise<string[]>
  /** Experiments of the runs, and models of the versions, that used it: the projects that it is of. @param id whole */
  usersOf(id: string): Promise<string[]>
  /**
   * Forgets a version that nothing was made from. Its contents stay until garbage is collected.
   * @throws DATASET_NOT_FOUND, DATASET_IN_USE, DATA_BUSY while data is being added
   */
  removeDataset(id: string, now: number): Promise<DatasetVersion>
  /** What each name, or one, came to mean in the course of time, newest first. A version that was there before and comes back has an entry again. */
  log(query?: { name?: string; limit?: number }): Promise<DatasetLogEntry[]>
}

/** A name came to mean a version. */
export interface DatasetLogEntry {
  readonly name: string
  readonly id: string
  readonly source: string
  readonly nRows: number
  readonly nRejected: number
  /** Left out for a table. */
  readonly files?: FileTotals
  readonly time: number
}

export interface FileTotals {
  readonly nFiles: number
  readonly sizeBytes: number
}

export interface DatasetVersion {
  /** `sha256:<hex>` of the accepted table's canonical content, or of a tree of files. */
  readonly id: string
  /** Project or file that it belongs to. */
  readonly name: string
  readonly nRows: number
  readonly nRejected: number
  readonly schema: TableSchema
  /** Per-column statistics, as `table/profile.ts` makes them. */
  readonly profile: unknown
  readonly source: string
  /** Blob with the table as Parquet, or with the list of files (`data/versions/tree-manifest.ts`), `sha256:<hex>`. */
  readonly blob: string
  /** Blob with the rejected rows and their reasons, or null. */
  readonly rejectsBlob: string | null
  readonly createdTime: number
  /** Of a tree of files, which has no rows and no columns; left out for a table. */
  readonly files?: FileTotals
  /** Column that identifies persons, as this reading's project names it; given when it is put, not told again. */
  readonly idColumn?: string | null
  /** Days that this reading lets its rows be kept; given when it is put, not told again. */
  readonly retentionDays?: number | null
  /** Its rows were destroyed; `blob` is then empty. Left out where they are there. */
  readonly erased?: {
    readonly time: number
    /** The version that has the other rows, where persons were taken out; null where the time to keep them was over. */
    readonly successor: string | null
  }
}

/** @throws DATASET_ERASED for a version whose rows were destroyed */
export function requireRows({ id, erased }: Pick<DatasetVersion, 'id' | 'erased'>): void {
  if (!erased) return
  const day = new Date(erased.time).toISOString().slice(0, 10)
  throw new BellwetherError(
    'DATASET_ERASED',
    erased.successor
      ? `The rows of dataset version ${id} were destroyed on ${day}, because a person was erased; ${erased.successor} has the others.`
      : `The rows of dataset version ${id} were destroyed on ${day}: the time to keep them was over.`,
  )
}
