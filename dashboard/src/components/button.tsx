import type { ReactNode } from 'react'
import './button.css'

type ButtonProps = {
  children: ReactNode
  kind?: 'primary' | 'plain' | 'quiet'
  type?: 'button' | 'submit'
  busy?: boolean
  disabled?: boolean
  onClick?: () => void
  'aria-expanded'?: boolean
}

/** A busy button stays focusable and says so, and does nothing when pressed. */
export function Button({
  children,
  kind = 'plain',
  type = 'button',
  busy = false,
  disabled = false,
  onClick,
  ...aria
}: ButtonProps) {
  return (
    <button
      {...aria}
      type={type}
      className={`button button-${kind}`}
      aria-disabled={busy || undefined}
      disabled={disabled}
      onClick={(event) => {
        if (busy) event.preventDefault()
        else onClick?.()
      }}
    >
      {children}
    </button>
  )
}
