import { useId, useState } from 'react'
import type { ModelSignature } from '../../../../../src/packaging/signature.ts'
import type { WhatIfAnswer, WhatIfFieldAnswer, WhatIfOutcome } from '../../../../../src/serve/what-if/what-if.ts'
import type { ColumnSchema } from '../../../../../src/table/schema.ts'
import { Button } from '../../../components/button.tsx'
import { Card } from '../../../components/card.tsx'
import { Failure } from '../../../components/states.tsx'
import { formatNumber, formatShare } from '../../../format/numbers.ts'
import type { InputRecord } from '../api/post-predict.ts'
import { useActionable, useWhatIf } from '../api/what-if.ts'
import { choiceText } from '../form/form-values.ts'
import './what-if.css'

/** What would move the answer, of what people can do something about; nothing where the project names no such field. */
export function WhatIf({
  model,
  signature,
  record,
  label,
}: {
  model: string
  signature: ModelSignature
  record: InputRecord
  /** The present answer; null for a number. */
  label: string | null
}) {
  const actionable = useActionable(model)
  const ask = useWhatIf(model)
  const [target, setTarget] = useState<string | null>(null)
  const select = useId()
  if (!actionable.data || actionable.data.fields.length === 0) return null
  const others = (signature.target?.classes ?? []).filter((name) => name !== label)
  const columns = new Map(signature.inputs.map((column) => [column.name, column]))
  return (
    <Card>
      <section className="what-if" aria-label="What if">
        <h3>What would move the answer?</h3>
        {others.length > 0 ? (
          <p>
            <label htmlFor={select}>Towards</label>{' '}
            <select id={select} value={target ?? ''} onChange={(event) => setTarget(event.target.value || null)}>
              <option value="">any other answer</option>
              {others.map((name) => (
                <option key={name}>{name}</option>
              ))}
            </select>
          </p>
        ) : null}
        <div>
          <Button busy={ask.isPending} onClick={() => ask.mutate({ record, target: target === label ? null : target })}>
            {ask.isPending ? 'Trying changes…' : 'Try changes'}
          </Button>
        </div>
        {ask.isError ? <Failure error={ask.error} what="the what-if" /> : null}
        {ask.data ? <Found answer={ask.data} columns={columns} /> : null}
      </section>
    </Card>
  )
}

type Columns = ReadonlyMap<string, ColumnSchema>

function Found({ answer, columns }: { answer: WhatIfAnswer; columns: Columns }) {
  const { smallest, search, fields, reached, target, note } = answer
  const sought = !reached && !('value' in answer.outcome)
  return (
    <>
      {smallest ? (
        <div className="what-if-smallest">
          <p>
            With {smallest.changes.length === 1 ? 'one change' : `${smallest.changes.length} changes`} the model would
            say <strong>{words(smallest.outcome)}</strong>:
          </p>
          <ul aria-label="The smallest change">
            {smallest.changes.map(({ field, from, to }) => (
              <li key={field}>
                {field}: from {valueText(from, columns.get(field))} to{' '}
                <strong>{valueText(to, columns.get(field))}</strong>
              </li>
            ))}
          </ul>
        </div>
      ) : sought ? (
        <p>
          {search.exhaustive ? 'No change' : `None of ${formatNumber(search.asked)} changes tried`} of up to{' '}
          {search.maxFields} of these fields moves it {target === null ? 'away' : 'there'}.
        </p>
      ) : null}
      <h4>Each field alone</h4>
      {fields.map((field) => (
        <FieldOptions key={field.field} field={field} column={columns.get(field.field)} />
      ))}
      <p className="soft small">{note}</p>
    </>
  )
}

function FieldOptions({ field, column }: { field: WhatIfFieldAnswer; column: ColumnSchema | undefined }) {
  const moves = field.options.filter(({ reaches }) => reaches).length
  return (
    <details className="what-if-field">
      <summary>
        {field.field}
        <span className="soft">
          {' '}
          now {valueText(field.current, column)}
          {moves > 0 ? `, ${moves} of ${field.options.length} values move it` : ''}
        </span>
      </summary>
      {field.options.length === 0 ? (
        <p className="soft small">There is no other value that it may be changed to.</p>
      ) : (
        <table>
          <thead>
            <tr>
              <th scope="col">if it were</th>
              <th scope="col">the model would say</th>
            </tr>
          </thead>
          <tbody>
            {field.options.map(({ value, outcome, reaches }) => (
              <tr key={String(value)} className={reaches ? 'what-if-moves' : undefined}>
                <td>{valueText(value, column)}</td>
                <td>{words(outcome)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </details>
  )
}

function words(outcome: WhatIfOutcome): string {
  if ('value' in outcome) return formatNumber(outcome.value)
  return `${outcome.label}, ${formatShare(outcome.probabilities[outcome.label] ?? 0)}`
}

function valueText(value: string | number | boolean | null, column: ColumnSchema | undefined): string {
  if (value === null) return 'not known'
  if (typeof value === 'number' && column?.labels?.[String(value)] === undefined) return formatNumber(value)
  return choiceText(column, String(value))
}
