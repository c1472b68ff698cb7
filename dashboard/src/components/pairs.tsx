import type { ReactNode } from 'react'
import './pairs.css'

/** Names and what belongs to them. */
export function Pairs({ items }: { items: readonly (readonly [name: string, value: ReactNode])[] }) {
  return (
    <dl className="pairs">
      {items.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  )
}
