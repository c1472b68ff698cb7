import type { Migration } from './migration.ts'

/** What the gates said of a version goes into the entry that tells of its making. */
export const ledgerGates: Migration = {
  name: '0006-ledger-gates',
  statements: ['ALTER TABLE ledger ADD COLUMN gates_json TEXT'],
}
