import type { ReactNode } from 'react'
import './card.css'

/** A titled surface. */
export function Card({
  title,
  note,
  actions,
  children,
}: {
  title?: string
  note?: string
  actions?: ReactNode
  children: ReactNode
}) {
  return (
    <section className="card">
      {title === undefined ? null : (
        <header className="card-head">
          <div>
            <h2>{title}</h2>
            {note === undefined ? null : <p className="soft small">{note}</p>}
          </div>
          {actions}
        </header>
      )}
      {children}
    </section>
  )
}
