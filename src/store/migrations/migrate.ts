import { BellwetherError } from '../../errors.ts'
import type { SqlConnection, SqlDatabase } from '../sql-database.ts'
import { MIGRATIONS } from './all-migrations.ts'
import type { Migration } from './migration.ts'

/** Which steps this database has had. */
const CREATE_TABLE = `CREATE TABLE IF NOT EXISTS schema_migrations (
  version BIGINT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL
)`
const SELECT_VERSION = `SELECT COALESCE(MAX(version), 0) AS version FROM schema_migrations`
const INSERT_STEP = `INSERT INTO schema_migrations (version, name) VALUES (?, ?)`

/**
 * Brings the schema up to date: all missing steps in one transaction, so that a process that is killed in between leaves the schema
 * as it was, and two processes that start at once do it once.
 * @param place For messages.
 * @throws HOME_TOO_NEW; HOME_CORRUPT for a database of something else.
 */
export async function migrate(
  database: SqlDatabase,
  place: string,
  steps: readonly Migration[] = MIGRATIONS,
): Promise<void> {
  const tables = await database.tables()
  if (tables.length > 0) {
    refuseForeign(tables, place)
    const version = await database.read(schemaVersion)
    refuseNewer(version, steps.length, place)
    if (version === steps.length) return
  }
  await database.write(async (sql) => {
    await sql.run(CREATE_TABLE)
    const version = await schemaVersion(sql)
    refuseNewer(version, steps.length, place)
    for (const [index, step] of steps.entries()) {
      if (index < version) continue
      for (const statement of step.statements) await sql.run(statement)
      await sql.run(INSERT_STEP, index + 1, step.name)
    }
  })
}

/** For a database that may only be read. @throws HOME_TOO_NEW, HOME_TOO_OLD, HOME_CORRUPT */
export async function requireCurrentSchema(
  database: SqlDatabase,
  place: string,
  steps: readonly Migration[] = MIGRATIONS,
): Promise<void> {
  refuseForeign(await database.tables(), place)
  const version = await database.read(schemaVersion)
  refuseNewer(version, steps.length, place)
  if (version < steps.length) {
    throw new BellwetherError(
      'HOME_TOO_OLD',
      `${place} has schema version ${version}; this program reads version ${steps.length}.`,
    )
  }
}

function refuseForeign(tables: readonly string[], place: string): void {
  if (tables.includes('schema_migrations')) return
  throw new BellwetherError(
    'HOME_CORRUPT',
    `${place} is a database, but none of Bellwether: it has no table schema_migrations.`,
  )
}

async function schemaVersion(sql: SqlConnection): Promise<number> {
  return (await sql.first<{ version: number }>(SELECT_VERSION))?.version ?? 0
}

function refuseNewer(version: number, known: number, place: string): void {
  if (version <= known) return
  throw new BellwetherError(
    'HOME_TOO_NEW',
    `${place} has schema version ${version}, made by a newer Bellwether; this one knows version ${known}.`,
  )
}
