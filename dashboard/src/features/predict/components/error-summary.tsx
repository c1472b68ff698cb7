import { useEffect, useRef } from 'react'
import { ApiError } from '../../../api/api-error.ts'
import { Notice } from '../../../components/notice.tsx'
import { reveal } from '../../../components/reveal.ts'
import type { SortedErrors } from '../form/field-errors.ts'

/** Why the model was not asked: each fault with a way to its field. Takes the focus when it appears. */
export function ErrorSummary({
  error,
  sorted,
  onGoTo,
}: {
  error: unknown
  sorted: SortedErrors
  onGoTo: (field: string) => void
}) {
  const frame = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (error) reveal(frame.current)
  }, [error])
  const known = error instanceof ApiError ? error : null
  const nFields = sorted.fields.size
  const title =
    nFields > 0
      ? `${nFields === 1 ? 'One field needs' : `${nFields} fields need`} another value.`
      : (known?.message ?? 'The page met an error of its own.')
  return (
    <div ref={frame} tabIndex={-1}>
      <Notice tone="bad" alert title={title}>
        {nFields + sorted.rest.length > 0 ? (
          <ul>
            {[...sorted.fields].map(([field, message]) => (
              <li key={field}>
                <a
                  href={`#${field}`}
                  onClick={(event) => {
                    event.preventDefault()
                    onGoTo(field)
                  }}
                >
                  {field}
                </a>
                : {message}
              </li>
            ))}
            {sorted.rest.map((detail) => (
              <li key={`${detail.path} ${detail.message}`}>
                {detail.path}: {detail.message}
              </li>
            ))}
          </ul>
        ) : null}
        {known?.hint && nFields === 0 ? <span className="small">{known.hint}</span> : null}
      </Notice>
    </div>
  )
}
