import { formatShare } from '../../../format/numbers.ts'
import './probability-bars.css'

/** A bar per class in the model's order; the answer's class is set in bold. */
export function ProbabilityBars({
  classes,
  probabilities,
  label,
}: {
  classes: readonly string[]
  probabilities: Readonly<Record<string, number>>
  label: string
}) {
  return (
    <ul className="probabilities" aria-label="Probability of each class">
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
