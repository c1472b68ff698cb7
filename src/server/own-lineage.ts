import type { FastifyRequest } from 'fastify'
import { may } from '../security/principal.ts'
import type { DatasetStore } from '../track/dataset-store.ts'
import type { LineageGraph, LineageNode } from '../track/lineage/lineage.ts'
import { ownPart } from '../track/lineage/own-part.ts'
import type { TrackingStore } from '../track/tracking-store.ts'
import { mayUse, requirePermission } from './access.ts'
import { ownDataset } from './own-datasets.ts'
import { OwnRuns } from './own-runs.ts'

interface Stores {
  readonly datasets: Pick<DatasetStore, 'dataset' | 'usersOf'>
  readonly tracking: Pick<TrackingStore, 'experiments' | 'run' | 'runs'>
}

/**
 * A graph as who asks may see it: of who is confined to some models what belongs to these. For routes with the permission `runs:read` and the
 * scope `'handler'`.
 * @throws FORBIDDEN where it starts from what is another project's
 */
export async function ownLineage(request: FastifyRequest, graph: LineageGraph, stores: Stores): Promise<LineageGraph> {
  const { principal } = request
  if (principal !== null && may(principal, 'runs:read', null)) return graph
  const { kind, id, project } = askedFor(graph)
  if (kind === 'run') await new OwnRuns(request, stores.tracking).run(id)
  else if (kind === 'dataset') await ownDataset(request, id, stores.datasets)
  else requirePermission(principal!, 'runs:read', project)
  return ownPart(graph, (name) => mayUse(request, 'runs:read', name))
}

/** What it starts from; of a prediction the version that gave it. */
function askedFor({ start, nodes, edges }: LineageGraph): LineageNode {
  const found = nodes.find(({ key }) => key === start)!
  if (found.kind !== 'prediction') return found
  const version = edges.find(({ to }) => to === start)!.from
  return nodes.find(({ key }) => key === version)!
}
