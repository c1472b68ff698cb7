import { postgresHomes } from '../../../test/support/postgres-home.ts'
import { runKeyStoreContract } from '../../security/testing/key-store-contract.ts'
import { runOutcomeStoreContract } from '../../serve/outcomes/outcome-store-contract.ts'
import { runDatasetStoreContract } from '../../track/testing/dataset-store-contract.ts'
import { runErasureStoreContract } from '../../track/testing/erasure-store-contract.ts'
import { runMlflowSearchContract } from '../../track/testing/mlflow-search-contract.ts'
import { runMlflowStoresContract } from '../../track/testing/mlflow-stores-contract.ts'
import { runModelRegistryContract } from '../../track/testing/model-registry-contract.ts'
import { runTrackingStoreContract } from '../../track/testing/tracking-store-contract.ts'
import { openHome } from '../open-home.ts'

const homes = postgresHomes()

async function open() {
  const { place, remove } = await homes.place()
  const home = await openHome(place)
  return {
    ...home,
    close: async () => {
      await home.close()
      await remove()
    },
  }
}

runTrackingStoreContract('PostgreSQL', open)
runDatasetStoreContract('PostgreSQL', open)
runModelRegistryContract('PostgreSQL', open)
runErasureStoreContract('PostgreSQL', open)
runOutcomeStoreContract('PostgreSQL', open)
runKeyStoreContract('PostgreSQL', open)
runMlflowSearchContract('PostgreSQL', open)
runMlflowStoresContract('PostgreSQL', open)
