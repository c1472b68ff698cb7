import { Empty, Failure, Loading } from '../../components/states.tsx'
import { useModels } from '../../features/models/api/get-models.ts'
import { ModelNotes } from '../../features/models/components/model-notes.tsx'
import { ModelPicker } from '../../features/models/components/model-picker.tsx'
import { PredictPanel } from '../../features/predict/components/predict-panel.tsx'
import { hrefOf } from '../route.ts'

/** Ask a model about one record. */
export function PredictPage({ model }: { model: string | null }) {
  const models = useModels()
  if (models.isPending) return <Loading what="the models" lines={10} />
  if (models.isError) return <Failure error={models.error} what="the models" onRetry={() => void models.refetch()} />
  const names = models.data.map((item) => item.name)
  const selected = model ?? names[0]
  if (selected === undefined) {
    return (
      <Empty title="No model yet">
        <code>bellwether run &lt;project&gt; --data FILE</code> trains one; then its form is here.
      </Empty>
    )
  }
  return (
    <div className="stack">
      <div className="page-head">
        <div>
          <h1>{selected}</h1>
          <p>Describe one record; the model answers and says why.</p>
        </div>
        <ModelPicker
          names={names.includes(selected) ? names : [selected, ...names]}
          selected={selected}
          onSelect={(name) => {
            window.location.hash = hrefOf({ page: 'predict', model: name })
          }}
        />
      </div>
      <ModelNotes model={selected} />
      <PredictPanel key={selected} model={selected} />
    </div>
  )
}
