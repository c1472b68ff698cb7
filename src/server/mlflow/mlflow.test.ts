import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { openHome } from '../../store/open-home.ts'
import { runMlflowSuite } from '../testing/mlflow-suite.ts'

runMlflowSuite('SQLite', async () => {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'bellwether-mlflow-'))
  return { home: await openHome(path.join(folder, 'home')), folder, remove: () => rm(folder, { recursive: true }) }
})
