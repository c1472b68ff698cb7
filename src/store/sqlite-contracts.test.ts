import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { type KeyRing, parseKeyRing } from '../security/at-rest/key-ring.ts'
import type { OutcomeStore } from '../serve/outcomes/outcome-store.ts'
import { runOutcomeStoreContract } from '../serve/outcomes/outcome-store-contract.ts'
import type { ErasureStore } from '../track/erasure-store.ts'
import { runBlobStoreContract } from '../track/testing/blob-store-contract.ts'
import { runDatasetStoreContract } from '../track/testing/dataset-store-contract.ts'
import { runErasureStoreContract } from '../track/testing/erasure-store-contract.ts'
import { runMlflowSearchContract } from '../track/testing/mlflow-search-contract.ts'
import { runMlflowStoresContract } from '../track/testing/mlflow-stores-contract.ts'
import { runModelRegistryContract } from '../track/testing/model-registry-contract.ts'
import type { OpenStores } from '../track/testing/open-stores.ts'
import { runTrackingStoreContract } from '../track/testing/tracking-store-contract.ts'
import { openHome } from './open-home.ts'

async function open(
  ring: KeyRing | null = null,
): Promise<OpenStores & { readonly erasures: ErasureStore; readonly outcomes: OutcomeStore }> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'bellwether-store-'))
  const home = await openHome(folder, { ring })
  const close = async () => {
    await home.close()
    await rm(folder, { recursive: true })
  }
  return { ...home, close }
}

runTrackingStoreContract('SQLite', () => open())
runDatasetStoreContract('SQLite', () => open())
runModelRegistryContract('SQLite', () => open())
runErasureStoreContract('SQLite', () => open())
runOutcomeStoreContract('SQLite', () => open())
runBlobStoreContract('files', () => open())
runBlobStoreContract('encrypted files', () => open(parseKeyRing(['ab'.repeat(32)], 'test')))
runMlflowSearchContract('SQLite', () => open())
runMlflowStoresContract('SQLite', () => open())
