import { formatShare } from '../../../format/numbers.ts'
import './probability-bars.css'

/** A bar per class or cluster in the model's order; the answer's class is set in bold. */
export function ProbabilityBars({
  classes,
  probabilities,
  label,
  of = 'class',
}: {
  classes: readonly string[]
  probabilities: Readonly<Record<string, number>>
  label: string
  of?: 'class' | 'cluster'
}) {
  return (
    <ul className="probabilities" aria-label={`Probability of each ${of}`}>
      {classes.map((name) => {
        const share = probabilities[name] ?? 0
        return (
          <li key={name} className={name === label ? 'probability-chosen' : undefined}>
            <span className="probability-name">{name}</span>
            <span className="probability-share">{formatShare(share)}</span>
            <span className="probability-track" aria-hidden="true">
              <span className="probability-bar" style={{ width: `${share * 100}%` }} />
            </span>
          </li>
        )
      })}
    </ul>
  )
}
