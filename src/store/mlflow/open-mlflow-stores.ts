import type { MlflowStores } from '../../track/mlflow-stores.ts'
import type { SqlDatabase } from '../sql-database.ts'
import { SqlArtifactStore } from './sql-artifact-store.ts'
import { SqlExperimentStore } from './sql-experiment-store.ts'
import { SqlLoggedModelStore } from './sql-logged-model-store.ts'
import { SqlMlflowRegistry } from './sql-mlflow-registry.ts'
import { SqlRunStore } from './sql-run-store.ts'

/** The stores behind MLflow's protocol, over the same tables as those of the pipeline and the command line. */
export function openMlflowStores(database: SqlDatabase): MlflowStores {
  return {
    experiments: new SqlExperimentStore(database),
    runs: new SqlRunStore(database),
    loggedModels: new SqlLoggedModelStore(database),
    registry: new SqlMlflowRegistry(database),
    artifacts: new SqlArtifactStore(database),
  }
}
