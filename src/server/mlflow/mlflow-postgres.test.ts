import { postgresHomes } from '../../../test/support/postgres-home.ts'
import { openHome } from '../../store/open-home.ts'
import { runMlflowSuite } from '../testing/mlflow-suite.ts'

const homes = postgresHomes()

runMlflowSuite('PostgreSQL', async () => {
  const { place, folder, remove } = await homes.place()
  return { home: await openHome(place), folder, remove }
})
