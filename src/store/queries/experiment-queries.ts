/** Rows are `ExperimentRow`s, oldest first. */
export const INSERT_EXPERIMENT = `
INSERT INTO experiments (id, name, created_time, updated_time, sequence) VALUES (?, ?, ?, ?, ?)`

export const SELECT_EXPERIMENT_BY_NAME = `
SELECT id, name, created_time, lifecycle_stage FROM experiments WHERE name = ?`

export const SELECT_EXPERIMENT_BY_ID = `
SELECT id, name, created_time FROM experiments WHERE id = ?`

/** MLflow's `Default` is there from the start; it is shown once something is in it. */
export const SELECT_EXPERIMENTS = `
SELECT id, name, created_time FROM experiments e
WHERE lifecycle_stage = 'active' AND (id <> '0' OR EXISTS (SELECT 1 FROM runs WHERE experiment_id = e.id))
ORDER BY sequence`

export interface ExperimentRow {
  id: string
  name: string
  created_time: number
}

export const ACTIVATE_EXPERIMENT = `
UPDATE experiments SET lifecycle_stage = 'active', updated_time = ? WHERE id = ? AND lifecycle_stage <> 'active'`
