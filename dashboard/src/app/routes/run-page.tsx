import { LineageCard } from '../../features/lineage/components/lineage-card.tsx'
import { useModels } from '../../features/models/api/get-models.ts'
import { useVersionsByRun } from '../../features/models/api/get-versions.ts'
import { RunView } from '../../features/runs/components/run-view.tsx'
import { hrefOf } from '../route.ts'

/** One run. */
export function RunPage({ id }: { id: string }) {
  const models = useModels()
  const versions = useVersionsByRun((models.data ?? []).map((model) => model.name))
  return (
    <div className="stack">
      <a href={hrefOf({ page: 'runs' })}>← All runs</a>
      <RunView id={id} version={versions.get(id)} hrefOfRun={(other) => hrefOf({ page: 'run', id: other })} />
      <LineageCard id={id} />
    </div>
  )
}
