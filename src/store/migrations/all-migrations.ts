import { experimentsAndRuns } from './0001-experiments-and-runs.ts'
import { datasetVersions } from './0002-dataset-versions.ts'
import { modelRegistry } from './0003-model-registry.ts'
import { mlflowModel } from './0004-mlflow-model.ts'
import { apiKeysAndAudit } from './0005-api-keys-and-audit.ts'
import { ledgerGates } from './0006-ledger-gates.ts'
import { traffic } from './0007-traffic.ts'
import { fileVersions } from './0008-file-versions.ts'
import { erasure } from './0009-erasure.ts'
import { outcomes } from './0010-outcomes.ts'
import { searchByValue } from './0011-search-by-value.ts'
import type { Migration } from './migration.ts'

/** Every step, in order: the n-th brings the schema to version n. */
export const MIGRATIONS: readonly Migration[] = [
  experimentsAndRuns,
  datasetVersions,
  modelRegistry,
  mlflowModel,
  apiKeysAndAudit,
  ledgerGates,
  traffic,
  fileVersions,
  erasure,
  outcomes,
  searchByValue,
]
