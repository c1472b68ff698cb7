import { useState } from 'react'
import type { Contribution, Explanation } from '../../../../../src/serve/prediction.ts'
import type { ColumnSchema } from '../../../../../src/table/schema.ts'
import { Button } from '../../../components/button.tsx'
import { formatNumber, formatSigned } from '../../../format/numbers.ts'
import { choiceText } from '../form/form-values.ts'
import './contributions.css'

const SHOWN_FIRST = 10

/** Which values moved the answer, and how far: bars to the right raise the score, bars to the left lower it. */
export function Contributions({ explanation, inputs }: { explanation: Explanation; inputs: readonly ColumnSchema[] }) {
  const [all, setAll] = useState(false)
  const sorted = explanation.contributions.toSorted((a, b) => Math.abs(b.contribution) - Math.abs(a.contribution))
  const shown = all ? sorted : sorted.slice(0, SHOWN_FIRST)
  const rest = sorted.slice(shown.length)
  const largest = Math.abs(sorted[0]?.contribution ?? 0) || 1
  const columns = new Map(inputs.map((column) => [column.name, column]))
  return (
    <div className="contributions">
      <p className="soft small">
        Starting from {formatNumber(explanation.base)}, this record's values bring {explanation.score} to{' '}
        <strong>{formatNumber(explanation.total)}</strong>.
        {explanation.backgroundRows === undefined
          ? null
          : ` The start is the mean of ${explanation.backgroundRows} made-up records, spread as those of training.`}
      </p>
      <div className="contribution-legend small" aria-hidden="true">
        <span className="contribution-lowers">◂ lowers</span>
        <span className="contribution-raises">raises ▸</span>
      </div>
      <ol aria-label={`Reasons, strongest first: what each value adds to ${explanation.score}`}>
        {shown.map((item) => (
          <li key={item.feature}>
            <span className="contribution-name">
              {item.feature}
              <span className="contribution-value"> {valueText(item.value, columns.get(item.feature))}</span>
            </span>
            <span className="contribution-number">{formatSigned(item.contribution)}</span>
            <Bar share={item.contribution / largest} />
            {item.terms && item.terms.length > 0 ? <Terms feature={item.feature} terms={item.terms} /> : null}
          </li>
        ))}
      </ol>
      {rest.length > 0 ? (
        <p className="soft small">
          {rest.length} more add {formatSigned(sum(rest))} together.
        </p>
      ) : null}
      {sorted.length > SHOWN_FIRST ? (
        <div>
          <Button kind="quiet" aria-expanded={all} onClick={() => setAll(!all)}>
            {all ? `Show the strongest ${SHOWN_FIRST}` : `Show all ${sorted.length}`}
          </Button>
        </div>
      ) : null}
    </div>
  )
}

/** The words of a text that move the answer most, each with what it adds. */
function Terms({ feature, terms }: { feature: string; terms: NonNullable<Contribution['terms']> }) {
  return (
    <ul className="contribution-terms" aria-label={`Words of ${feature} that count most`}>
      {terms.map(({ term, contribution }) => (
        <li key={term} className={contribution < 0 ? 'contribution-lowers' : 'contribution-raises'}>
          <span className="contribution-term">{term}</span> {formatSigned(contribution)}
        </li>
      ))}
    </ul>
  )
}

/** @param share -1 to 1: how much of its half the bar fills. */
function Bar({ share }: { share: number }) {
  const width = `${Math.abs(share) * 50}%`
  return (
    <span className="contribution-track" aria-hidden="true">
      <span
        className={share < 0 ? 'contribution-bar bar-lowers' : 'contribution-bar bar-raises'}
        style={share < 0 ? { right: '50%', width } : { left: '50%', width }}
      />
    </span>
  )
}

function valueText(value: Contribution['value'], column: ColumnSchema | undefined): string {
  if (column?.kind === 'text') return ''
  // What is made from other fields has no value of its own in the record.
  if (value === null) return column ? 'not known' : 'from other fields'
  if (typeof value === 'number' && column?.labels?.[String(value)] === undefined) return formatNumber(value)
  const text = choiceText(column, String(value))
  return text.length > 80 ? `${text.slice(0, 80)}…` : text
}

function sum(items: readonly Contribution[]): number {
  return items.reduce((total, item) => total + item.contribution, 0)
}
