import type { FastifyRequest } from 'fastify'
import { BellwetherError } from '../errors.ts'
import { may } from '../security/principal.ts'
import type { DatasetStore, DatasetVersion } from '../track/dataset-store.ts'
import { mayUse } from './access.ts'

type Datasets = Pick<DatasetStore, 'dataset' | 'usersOf'>

/**
 * A dataset version as who asks may see it: who is confined to some models sees those that runs or versions of these used. For routes with the permission
 * `datasets:read` and the scope `'handler'`.
 * @throws DATASET_NOT_FOUND, ID_AMBIGUOUS; FORBIDDEN for one that only others used, or nobody
 */
export async function ownDataset(request: FastifyRequest, id: string, datasets: Datasets): Promise<DatasetVersion> {
  const { principal } = request
  const dataset = await datasets.dataset(id)
  if (principal !== null && may(principal, 'datasets:read', null)) return dataset
  const users = await datasets.usersOf(dataset.id)
  if (users.some((project) => mayUse(request, 'datasets:read', project))) return dataset
  throw new BellwetherError(
    'FORBIDDEN',
    'No run of the projects that this key or token is for used this dataset version; the others take the permission "datasets:read" for all models.',
  )
}
