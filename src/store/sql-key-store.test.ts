import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { runKeyStoreContract } from '../security/testing/key-store-contract.ts'
import { openHome } from './open-home.ts'

runKeyStoreContract('SQLite', async () => {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'bellwether-keys-'))
  const home = await openHome(folder)
  return {
    ...home,
    close: async () => {
      await home.close()
      await rm(folder, { recursive: true })
    },
  }
})
