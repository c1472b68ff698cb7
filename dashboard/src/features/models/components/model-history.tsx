import type { LedgerEntry } from '../../../../../src/track/model-registry.ts'
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
  switch (entry.action) {
    case 'version-created':
      return `Version ${entry.to} was made.`
    case 'alias-set':
      return `${entry.alias} went${from} to version ${entry.to}.`
    case 'rollback':
      return entry.to === null
        ? `${entry.alias} was taken back${from}.`
        : `${entry.alias} was rolled back${from} to version ${entry.to}.`
    case 'alias-removed':
      return `${entry.alias} was taken off version ${entry.from}.`
    case 'stage-set':
      return `Version ${entry.to} went to another stage.`
    case 'version-deleted':
      return `Version ${entry.from} was deleted.`
    case 'model-deleted':
      return 'The model was deleted.'
    case 'model-renamed':
      return 'The model was given its present name.'
  }
}
