import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { someVersion } from '../track/testing/open-stores.ts'
import { DATABASE_FILE, openHome } from './open-home.ts'
import { loadSqlite } from './sqlite/load-sqlite.ts'

/** What somebody with a SQLite shell might do to six entries, and where it is found. */
const TAMPERINGS: readonly [string, (database: DatabaseSync) => void, number][] = [
  [
    'the reason of an entry is rewritten',
    (db) => db.exec(`UPDATE ledger SET reason = 'all checks passed' WHERE sequence = 3`),
    3,
  ],
  [
    'the actor of the last entry is rewritten',
    (db) => db.exec(`UPDATE ledger SET actor = 'someone else' WHERE sequence = 6`),
    6,
  ],
  ['a time is moved', (db) => db.exec('UPDATE ledger SET time = time + 1 WHERE sequence = 1'), 1],
  ['a version is exchanged', (db) => db.exec('UPDATE ledger SET to_version = 1 WHERE sequence = 4'), 4],
  ['a version is made null', (db) => db.exec('UPDATE ledger SET to_version = NULL WHERE sequence = 4'), 4],
  [
    'a plan of traffic is put into an entry',
    (db) => db.exec(`UPDATE ledger SET traffic_json = '{"from":null,"to":null}' WHERE sequence = 4`),
    4,
  ],
  ['the first entry is deleted', (db) => db.exec('DELETE FROM ledger WHERE sequence = 1'), 1],
  ['an entry in the middle is deleted', (db) => db.exec('DELETE FROM ledger WHERE sequence = 4'), 4],
  [
    'an entry is deleted and the later ones move up',
    (db) =>
      db.exec(
        'DELETE FROM ledger WHERE sequence = 4; UPDATE ledger SET sequence = sequence - 1 WHERE sequence = 5; UPDATE ledger SET sequence = sequence - 1 WHERE sequence = 6',
      ),
    4,
  ],
  ['the last entry is deleted', (db) => db.exec('DELETE FROM ledger WHERE sequence = 6'), 6],
  ['all entries are deleted', (db) => db.exec('DELETE FROM ledger'), 1],
  [
    'two entries change places',
    (db) =>
      db.exec(
        'UPDATE ledger SET sequence = -sequence WHERE sequence IN (2, 3); UPDATE ledger SET sequence = 5 + sequence WHERE sequence IN (-2, -3)',
      ),
    2,
  ],
  [
    'an entry is added behind the last',
    (db) =>
      db.exec(
        `INSERT INTO ledger SELECT 7, time, actor, action, model, alias, from_version, to_version, reason, hash, hash, gates_json, traffic_json FROM ledger WHERE sequence = 6`,
      ),
    7,
  ],
  [
    'an entry is added before the first',
    (db) =>
      db.exec(
        `INSERT INTO ledger SELECT 0, time, actor, action, model, alias, from_version, to_version, reason, hash, hash, gates_json, traffic_json FROM ledger WHERE sequence = 6`,
      ),
    1,
  ],
  ['the head is rewritten', (db) => db.exec('UPDATE ledger_head SET entries = 5'), 6],
  ['the head is deleted', (db) => db.exec('DELETE FROM ledger_head'), 7],
]

test.each(TAMPERINGS)('it is found when %s', async (_, tamper, brokenAt) => {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'bellwether-ledger-'))
  const home = await openHome(folder)
  const version = await someVersion({ ...home, close: async () => {} }, { aliases: ['champion'] })
  for (let i = 0; i < 3; i++) await home.models.createVersion(version)
  expect(await home.models.verifyLedger()).toEqual({ entries: 6, brokenAt: null })
  const { DatabaseSync } = loadSqlite()
  const database = new DatabaseSync(path.join(folder, DATABASE_FILE))
  tamper(database)
  database.close()
  expect((await home.models.verifyLedger()).brokenAt).toBe(brokenAt)
  await home.close()
  await rm(folder, { recursive: true })
})

test('nothing is added to a ledger that has lost its head, and no version without its entry', async () => {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'bellwether-ledger-'))
  const home = await openHome(folder)
  const version = await someVersion({ ...home, close: async () => {} })
  const { DatabaseSync } = loadSqlite()
  const database = new DatabaseSync(path.join(folder, DATABASE_FILE))
  database.exec('DELETE FROM ledger_head')
  database.close()
  await expect(home.models.createVersion(version)).rejects.toMatchObject({ code: 'HOME_CORRUPT' })
  expect(await home.models.models()).toEqual([])
  await home.close()
  await rm(folder, { recursive: true })
})
