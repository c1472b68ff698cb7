import { Empty, Failure, Loading } from '../../components/states.tsx'
import { LineageCard } from '../../features/lineage/components/lineage-card.tsx'
import { useModels } from '../../features/models/api/get-models.ts'
import { ModelHistory } from '../../features/models/components/model-history.tsx'
import { ModelNotes } from '../../features/models/components/model-notes.tsx'
import { ModelPicker } from '../../features/models/components/model-picker.tsx'
import { ModelTraffic } from '../../features/models/components/model-traffic.tsx'
import { ModelVersions } from '../../features/models/components/model-versions.tsx'
import { hrefOf } from '../route.ts'

/** The registered models: versions, aliases, history. */
export function ModelsPage({ model }: { model: string | null }) {
  const models = useModels()
  if (models.isPending) return <Loading what="the models" lines={8} />
  if (models.isError) return <Failure error={models.error} what="the models" onRetry={() => void models.refetch()} />
  const names = models.data.map((item) => item.name)
  const selected = model ?? names[0]
  if (selected === undefined) {
    return (
      <Empty title="No model yet">
        <code>bellwether run &lt;project&gt; --data FILE</code> trains one and registers its first version.
      </Empty>
    )
  }
  return (
    <div className="stack">
      <div className="page-head">
        <div>
          <h1>{selected}</h1>
          <p>
            Versions, aliases and history · <a href={hrefOf({ page: 'predict', model: selected })}>ask this model</a> ·{' '}
            <a href="/docs">its API</a>
          </p>
        </div>
        <ModelPicker
          names={names.includes(selected) ? names : [selected, ...names]}
          selected={selected}
          onSelect={(name) => {
            window.location.hash = hrefOf({ page: 'models', model: name })
          }}
        />
      </div>
      <ModelNotes model={selected} />
      <ModelVersions model={selected} hrefOfRun={(id) => hrefOf({ page: 'run', id })} />
      <ModelTraffic model={selected} />
      <LineageCard id={selected} />
      <ModelHistory model={selected} />
    </div>
  )
}
