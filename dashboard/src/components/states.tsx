import type { ReactNode } from 'react'
import { ApiError } from '../api/api-error.ts'
import { Button } from './button.tsx'
import { Notice } from './notice.tsx'
import './states.css'

/** Grey lines where content will be. */
export function Loading({ what, lines = 4 }: { what: string; lines?: number }) {
  return (
    <div className="loading" role="status">
      <span className="visually-hidden">Loading {what}…</span>
      {Array.from({ length: lines }, (_, line) => `line ${line}`).map((line) => (
        <span key={line} className="loading-line" />
      ))}
    </div>
  )
}

/** A request that failed: what the server said, what to do, and another try. */
export function Failure({ error, what, onRetry }: { error: unknown; what: string; onRetry?: () => void }) {
  const known = error instanceof ApiError
  return (
    <Notice tone="bad" alert title={`Could not load ${what}.`}>
      <span>{known ? error.message : 'The page met an error of its own.'}</span>
      {known && error.hint ? <span className="small">{error.hint}</span> : null}
      {onRetry ? (
        <div>
          <Button onClick={onRetry}>Try again</Button>
        </div>
      ) : null}
    </Notice>
  )
}

/** Nothing to show yet, and how there will be something. */
export function Empty({ title, children }: { title: string; children: ReactNode }) {
  return (
    <div className="empty">
      <h2>{title}</h2>
      <p className="soft">{children}</p>
    </div>
  )
}
