/** Rows are `ExperimentRow`s, oldest first. */
export const INSERT_EXPERIMENT = `
INSERT INTO experiments (id, name, created_time, sequence) VALUES (?, ?, ?, ?)`

export const SELECT_EXPERIMENT_BY_NAME = `
SELECT id, name, created_time FROM experiments WHERE name = ?`

export const SELECT_EXPERIMENT_BY_ID = `
SELECT id, name, created_time FROM experiments WHERE id = ?`

export const SELECT_EXPERIMENTS = `
SELECT id, name, created_time FROM experiments ORDER BY sequence`

export interface ExperimentRow {
  id: string
  name: string
  created_time: number
}
