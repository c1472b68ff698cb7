import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, vi } from 'vitest'
import { withFolder } from '../../src/store/home-place.ts'
import { openHome } from '../../src/store/open-home.ts'
import { startPostgres, type TestPostgres } from './postgres.ts'

/** An empty home: its address, the folder of its blobs, and how to give it back. */
export interface PostgresPlace {
  readonly place: string
  readonly folder: string
  remove(): Promise<void>
}

export interface PostgresHomes {
  readonly server: () => TestPostgres
  /** Tables that are made and empty; given back, they are emptied and serve the next test: making them takes a second. */
  place(): Promise<PostgresPlace>
  /** A database without any table. */
  untouched(): Promise<PostgresPlace>
}

/**
 * One PostgreSQL server for a test file, and as many empty homes on it as are asked for. The database sorts texts as people do, not
 * byte by byte: what the stores rely on must be theirs.
 */
export function postgresHomes(): PostgresHomes {
  vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })
  let server: TestPostgres
  let url: string
  let count = 0
  const free: string[] = []
  beforeAll(async () => {
    server = await startPostgres()
    await statement(
      server.url,
      `CREATE DATABASE people TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER icu ICU_LOCALE 'en-US'`,
    )
    url = server.url.replace(/postgres$/, 'people')
  }, 120_000)
  afterAll(() => server?.remove(), 60_000)

  async function placeIn(schema: string, giveBack: () => Promise<void>): Promise<PostgresPlace> {
    const folder = await mkdtemp(path.join(os.tmpdir(), 'bellwether-pg-home-'))
    const address = `${url}?options=${encodeURIComponent(`-c search_path=${schema}`)}`
    const remove = async () => {
      await rm(folder, { recursive: true, force: true })
      await giveBack()
    }
    return { place: withFolder(address, folder), folder, remove }
  }

  async function newSchema(): Promise<string> {
    count += 1
    await statement(url, `CREATE SCHEMA home_${count}`)
    return `home_${count}`
  }

  return {
    server: () => server,
    untouched: async () => placeIn(await newSchema(), async () => undefined),
    async place() {
      let schema = free.pop()
      if (schema === undefined) {
        schema = await newSchema()
        const made = await placeIn(schema, async () => undefined)
        await (await openHome(made.place)).close()
        await made.remove()
        await statement(url, rememberRows(schema))
      }
      const mine = schema
      return placeIn(mine, async () => {
        await statement(url, restoreRows(mine))
        free.push(mine)
      })
    },
  }
}

const eachTable = (schema: string, statements: string) => `
SET session_replication_role = replica;
DO $do$ DECLARE t text; BEGIN
  FOR t IN SELECT tablename FROM pg_tables WHERE schemaname = '${schema}' LOOP ${statements} END LOOP;
END $do$`

const rememberRows = (schema: string) =>
  `CREATE SCHEMA made_${schema}; ${eachTable(schema, `EXECUTE format('CREATE TABLE made_${schema}.%I AS SELECT * FROM ${schema}.%I', t, t);`)}`

const restoreRows = (schema: string) =>
  eachTable(
    schema,
    `EXECUTE format('DELETE FROM ${schema}.%I', t); EXECUTE format('INSERT INTO ${schema}.%I SELECT * FROM made_${schema}.%I', t, t);`,
  )

async function statement(url: string, text: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(text)
  } finally {
    await client.end()
  }
}
