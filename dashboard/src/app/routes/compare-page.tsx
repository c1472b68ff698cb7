import { RunCompare } from '../../features/runs/components/run-compare.tsx'
import { hrefOf } from '../route.ts'

/** Two runs side by side. */
export function ComparePage({ ids }: { ids: readonly [string, string] }) {
  return (
    <div className="stack">
      <a href={hrefOf({ page: 'runs' })}>← All runs</a>
      <h1>Two runs compared</h1>
      <RunCompare ids={ids} hrefOfRun={(id) => hrefOf({ page: 'run', id })} />
    </div>
  )
}
