import type { LedgerEntry } from '../../../../../src/track/model-registry.ts'
import type { TrafficPlan } from '../../../../../src/track/traffic-plan.ts'
import { Card } from '../../../components/card.tsx'
import { Failure, Loading } from '../../../components/states.tsx'
import { formatTime } from '../../../format/times.ts'
import { useHistory } from '../api/get-history.ts'
import './model-history.css'

/** What became of a model, newest first: who changed what, and why. */
export function ModelHistory({ model }: { model: string }) {
  const history = useHistory(model)
  if (history.isPending) return <Loading what="the history" />
  if (history.isError)
    return <Failure error={history.error} what="the history" onRetry={() => void history.refetch()} />
  return (
    <Card title="History" note="Entries are chained by their hashes; none can be changed unseen.">
      <ol className="history">
        {history.data.toReversed().map((entry) => (
          <li key={entry.sequence}>
            <span>{entryWords(entry)}</span>
            <span className="soft small">
              {formatTime(entry.time)} · {entry.actor}
              {entry.reason ? ` · ${entry.reason}` : ''}
            </span>
          </li>
        ))}
      </ol>
    </Card>
  )
}

function entryWords(entry: LedgerEntry): string {
  const from = entry.from === null ? '' : ` from version ${entry.from}`
  const traffic = entry.traffic?.to ? ` Traffic went back to ${sharesInWords(entry.traffic.to)}.` : ''
  switch (entry.action) {
    case 'version-created':
      return `Version ${entry.to} was made.`
    case 'alias-set':
      return `${entry.alias} went${from} to version ${entry.to}.`
    case 'rollback':
      return entry.to === null
        ? `${entry.alias} was taken back${from}.`
        : `${entry.alias} was rolled back${from} to version ${entry.to}.${traffic}`
    case 'alias-removed':
      return `${entry.alias} was taken off version ${entry.from}.`
    case 'stage-set':
      return `Version ${entry.to} went to another stage.`
    case 'version-deleted':
      return `Version ${entry.from} was deleted.`
    case 'model-deleted':
      return 'The model was deleted.'
    case 'traffic-set':
      return entry.traffic?.to ? `Traffic: ${sharesInWords(entry.traffic.to)}.` : 'Traffic was set.'
    case 'traffic-removed':
      return 'All traffic went to the champion.'
    case 'person-erased':
      return 'A person was erased whose rows it had learnt from.'
    case 'person-readmitted':
      return 'A person who was erased may be read again.'
    case 'data-expired':
      return 'Rows that it had learnt from were destroyed: the time to keep them was over.'
    case 'model-renamed':
      return 'The model was given its present name.'
  }
}

/** Such as "champion 90%, challenger 10%, shadow: blue". */
export function sharesInWords({ weights, shadow }: Pick<TrafficPlan, 'weights' | 'shadow'>): string {
  const shares = Object.entries(weights)
    .filter(([, weight]) => weight > 0)
    .sort(([, a], [, b]) => b - a)
    .map(([alias, weight]) => `${alias} ${weight}%`)
  return [...shares, ...(shadow.length > 0 ? [`shadow: ${shadow.join(', ')}`] : [])].join(', ')
}
