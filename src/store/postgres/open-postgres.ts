import { BellwetherError } from '../../errors.ts'
import { shownUrl } from '../home-place.ts'
import { migrate, requireCurrentSchema } from '../migrations/migrate.ts'
import type { SqlDatabase } from '../sql-database.ts'
import { PostgresDatabase, type PostgresOptions } from './postgres-database.ts'

/**
 * Connects to a home's tables and brings their schema up to date, once whatever number of processes starts.
 * @param options.create Make the tables where there are none.
 * @throws HOME_NOT_FOUND, HOME_TOO_OLD, HOME_TOO_NEW, HOME_CORRUPT, and as `PostgresDatabase.open`
 */
export async function openPostgres(
  url: string,
  options: PostgresOptions & { readonly create: boolean },
): Promise<SqlDatabase> {
  const place = shownUrl(url)
  const database = await PostgresDatabase.open(url, options)
  try {
    if (!options.create && (await database.tables()).length === 0)
      throw new BellwetherError('HOME_NOT_FOUND', `${place}: there are no tables of Bellwether in this database.`)
    if (options.readOnly) await requireCurrentSchema(database, place)
    else await migrate(database, place)
    return database
  } catch (error) {
    await database.close()
    throw error
  }
}
