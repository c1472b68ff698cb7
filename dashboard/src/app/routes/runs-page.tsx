import { useModels } from '../../features/models/api/get-models.ts'
import { useVersionsByRun } from '../../features/models/api/get-versions.ts'
import { RunsTable } from '../../features/runs/components/runs-table.tsx'
import { hrefOf } from '../route.ts'

/** What was trained, when, and how well it does. */
export function RunsPage() {
  const models = useModels()
  const versions = useVersionsByRun((models.data ?? []).map((model) => model.name))
  return (
    <>
      <div className="page-head">
        <div>
          <h1>Runs</h1>
          <p>Every training with its data, settings, figures and pictures.</p>
        </div>
      </div>
      <RunsTable
        hrefOfRun={(id) => hrefOf({ page: 'run', id })}
        versions={versions}
        onCompare={(ids) => {
          window.location.hash = hrefOf({ page: 'compare', ids })
        }}
      />
    </>
  )
}
