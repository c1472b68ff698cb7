import { describe, expect, test } from 'vitest'
import { postgresHomes } from '../../../test/support/postgres-home.ts'
import { parseHomePlace, withFolder } from '../home-place.ts'
import { type Home, openHome } from '../open-home.ts'
import { PostgresDatabase } from './postgres-database.ts'
import { postgresStatement } from './postgres-statement.ts'

const homes = postgresHomes()

async function onHome(use: (home: Home, place: string) => Promise<void>): Promise<void> {
  const { place, remove } = await homes.place()
  const home = await openHome(place)
  try {
    await use(home, place)
  } finally {
    await home.close()
    await remove()
  }
}

describe('the common SQL on PostgreSQL', () => {
  test('placeholders are numbered, and question marks in texts stay', () => {
    expect(postgresStatement(`SELECT '?''?', "a?" FROM t WHERE a = ? AND b > ?`, ['x', 0.5])).toEqual({
      text: `SELECT '?''?', "a?" FROM t WHERE a = $1 AND b > $2::float8`,
      values: ['x', '0.5'],
    })
    expect(() => postgresStatement('SELECT ?', [])).toThrow(expect.objectContaining({ code: 'INTERNAL' }))
  })

  test('texts are in the order of their bytes, whatever the language of the database', () =>
    onHome(async ({ mlflow, database }) => {
      for (const name of ['b', 'Z', 'ä', 'a', 'É']) await mlflow.experiments.create({ name, tags: [], now: 1 })
      const order = await database.read((sql) =>
        sql.all<{ name: string }>(`SELECT name FROM experiments WHERE id <> '0' ORDER BY name`),
      )
      expect(order.map(({ name }) => name)).toEqual(['Z', 'a', 'b', 'É', 'ä'])
    }))

  test('ILIKE lowers A to Z, and takes other letters as they are, as on SQLite', () =>
    onHome(async ({ mlflow }) => {
      for (const name of ['École', 'ÉCOLE B', 'école c']) await mlflow.experiments.create({ name, tags: [], now: 1 })
      const found = await mlflow.experiments.search({ viewType: 'ALL', filter: `name ILIKE 'ÉcO%'`, maxResults: 10 })
      expect(found.items.map(({ name }) => name).sort()).toEqual(['ÉCOLE B', 'École'].sort())
    }))

  test('numbers come back as they were given: whole ones, fractions, without bounds; NaN as null', () =>
    onHome(async ({ database }) => {
      const values = [0, -5, 2 ** 53 - 1, 0.1, 1e300, -1e-300, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, null]
      await database.write(async (sql) => {
        await sql.run('CREATE TABLE numbers (id BIGINT NOT NULL PRIMARY KEY, value DOUBLE PRECISION)')
        for (const [id, value] of values.entries()) await sql.run('INSERT INTO numbers VALUES (?, ?)', id, value)
      })
      const rows = await database.read((sql) =>
        sql.all<{ value: number | null }>('SELECT value FROM numbers ORDER BY id'),
      )
      expect(rows.map(({ value }) => value)).toEqual(values)
      const lists = await database.read((sql) =>
        sql.tuples('SELECT id, value FROM numbers WHERE id >= ? ORDER BY id', 0),
      )
      expect(lists).toEqual([...values.entries()])
      const above = await database.read((sql) =>
        sql.first<{ n: number }>('SELECT COUNT(*) AS n FROM numbers WHERE id > ?', 1.5),
      )
      expect(above?.n).toBe(values.length - 2)
      await database.write((sql) => sql.run('DROP TABLE numbers'))
    }))

  test('a text with NUL is refused by name', () =>
    onHome(async ({ mlflow }) => {
      const run = await mlflow.runs.create({ experimentId: '0', userId: '', name: 'r', startTime: 1, tags: [] })
      const params = [{ key: 'p', value: 'a\0b' }]
      await expect(mlflow.runs.log(run.info.id, { params })).rejects.toMatchObject({ code: 'INVALID_INPUT' })
    }))
})

describe('transactions', () => {
  test('a statement that fails undoes all before it, and the next transaction works', () =>
    onHome(async ({ database }) => {
      const insert = `INSERT INTO experiments (id, name, created_time, sequence) VALUES (?, ?, 1, ?)`
      const failing = database.write(async (sql) => {
        await sql.run(insert, '7', 'seven', 7)
        await sql.run(insert, '7', 'a person called Ana', 8)
      })
      await expect(failing).rejects.toMatchObject({ code: 'INTERNAL', message: expect.not.stringContaining('Ana') })
      expect(
        await database.read((sql) => sql.first(`SELECT 1 AS found FROM experiments WHERE id = '7'`)),
      ).toBeUndefined()
      await database.write((sql) => sql.run(insert, '7', 'seven', 7))
    }))

  test('a caught failure does not look saved', () =>
    onHome(async ({ database }) => {
      const caught = database.write(async (sql) => {
        await sql.run(`INSERT INTO params VALUES ('nobody', 'p', '1')`).catch(() => 0)
      })
      await expect(caught).rejects.toMatchObject({ code: 'INTERNAL' })
    }))

  test('several processes that open and write at once number without gaps or twins', async () => {
    const { place, remove } = await homes.untouched()
    const others = await Promise.all(Array.from({ length: 4 }, () => openHome(place)))
    try {
      const one = await others[0]!.tracking.ensureExperiment('e', 1)
      const created = await Promise.all(
        Array.from({ length: 40 }, (_, i) =>
          others[i % 4]!.tracking.createRun({ experimentId: one.id, name: `r${i}`, startTime: 1 }),
        ),
      )
      expect(new Set(created.map(({ id }) => id)).size).toBe(40)
      const rows = await others[0]!.database.read((sql) =>
        sql.all<{ sequence: number }>('SELECT sequence FROM runs ORDER BY sequence'),
      )
      expect(rows.map(({ sequence }) => sequence)).toEqual(Array.from({ length: 40 }, (_, i) => i + 1))
    } finally {
      for (const home of others) await home.close()
      await remove()
    }
  })

  test('writers that wait for their turn hold no connection, so that readers are answered meanwhile', () =>
    onHome(async (home, place) => {
      const busy = await PostgresDatabase.open(parseHomePlace(place).databaseUrl!, {
        readOnly: false,
        busyTimeoutMs: 60_000,
        connections: 2,
      })
      const { promise: gate, resolve: openGate } = Promise.withResolvers<void>()
      try {
        let written = 0
        const writers = Array.from({ length: 6 }, () =>
          busy.write(async (sql) => {
            await gate
            written += await sql.run(
              `INSERT INTO counters (name, value) VALUES ('n', 1) ON CONFLICT (name) DO UPDATE SET value = counters.value + 1`,
            )
          }),
        )
        const begun = performance.now()
        await busy.read((sql) => sql.first('SELECT COUNT(*) AS n FROM runs'))
        expect(written).toBe(0)
        // A pool without a connection to give says after 10 s that there is none.
        expect(performance.now() - begun).toBeLessThan(9000)
        openGate()
        await Promise.all(writers)
        const counted = await home.database.read((sql) =>
          sql.first<{ value: number }>(`SELECT value FROM counters WHERE name = 'n'`),
        )
        expect(counted?.value).toBe(6)
      } finally {
        openGate()
        await busy.close()
      }
    }))

  test('a writer that waits too long for its turn gives up with HOME_LOCKED', () =>
    onHome(async ({ database }, place) => {
      const impatient = await openHome(place, { busyTimeoutMs: 50 })
      try {
        await database.write(async (sql) => {
          await sql.run('SELECT 1')
          await expect(impatient.tracking.ensureExperiment('late', 1)).rejects.toMatchObject({ code: 'HOME_LOCKED' })
        })
        await impatient.tracking.ensureExperiment('late', 1)
      } finally {
        await impatient.close()
      }
    }))

  test('a home that is opened for reading changes nothing, and is not made', async () => {
    const { place, remove } = await homes.untouched()
    await expect(openHome(place, { readOnly: true })).rejects.toMatchObject({ code: 'HOME_NOT_FOUND' })
    await expect(openHome(place, { create: false })).rejects.toMatchObject({ code: 'HOME_NOT_FOUND' })
    await (await openHome(place)).close()
    const home = await openHome(place, { readOnly: true })
    expect(await home.tracking.experiments()).toEqual([])
    await home.close()
    await remove()
  })
})

describe('a server that is not there', () => {
  test('is a clear error without the password, and work goes on once it is back, without a restart', () =>
    onHome(async (home, place) => {
      await home.tracking.ensureExperiment('before', 1)
      await homes.server().stop()
      try {
        for (const attempt of [
          () => home.tracking.experiments(),
          () => home.tracking.ensureExperiment('x', 2),
          () => openHome(place),
        ]) {
          await expect(attempt()).rejects.toMatchObject({
            code: 'DATABASE_UNREACHABLE',
            message: expect.not.stringContaining('only-for-tests'),
          })
        }
      } finally {
        await homes.server().start()
      }
      expect((await home.tracking.experiments()).map(({ name }) => name)).toEqual(['before'])
      await home.tracking.ensureExperiment('after', 3)
    }))

  test('a wrong password and a database that is not there say so', async () => {
    const { place, folder, remove } = await homes.place()
    const other = (from: string, to: string) => withFolder(place.replace(from, to), folder)
    await expect(openHome(other('/people', '/nowhere'))).rejects.toMatchObject({ code: 'HOME_NOT_FOUND' })
    await expect(openHome(other('only-for-tests', 'guessed-wrong'))).rejects.toMatchObject({
      code: 'HOME_DENIED',
      message: expect.not.stringContaining('guessed-wrong'),
    })
    await remove()
  })
})
