import './badge.css'

/** A word with a state. The colour repeats what the word says, and never says it alone. */
export function Badge({ text, tone = 'plain' }: { text: string; tone?: 'plain' | 'good' | 'bad' | 'warn' | 'accent' }) {
  return <span className={`badge badge-${tone}`}>{text}</span>
}
