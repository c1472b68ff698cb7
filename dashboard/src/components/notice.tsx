import type { ReactNode } from 'react'
import './notice.css'

/** A framed message: something to know (`warn`), something that went wrong (`bad`). */
export function Notice({
  tone,
  title,
  children,
  alert = false,
}: {
  tone: 'warn' | 'bad' | 'info'
  title?: string
  children?: ReactNode
  alert?: boolean
}) {
  return (
    <div className={`notice notice-${tone}`} role={alert ? 'alert' : undefined}>
      {title === undefined ? null : <strong>{title}</strong>}
      {children}
    </div>
  )
}
