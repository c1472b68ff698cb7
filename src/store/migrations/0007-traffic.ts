import type { Migration } from './migration.ts'

/** Who answers a model's requests, and how that changed. */
export const traffic: Migration = {
  name: '0007-traffic',
  statements: [
    `CREATE TABLE model_traffic (
      model TEXT NOT NULL PRIMARY KEY REFERENCES registered_models (name) ON UPDATE CASCADE,
      plan_json TEXT NOT NULL
    )`,
    'ALTER TABLE ledger ADD COLUMN traffic_json TEXT',
  ],
}
