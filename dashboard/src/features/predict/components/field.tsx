import { memo } from 'react'
import type { ColumnSchema } from '../../../../../src/table/schema.ts'
import { hintOf, isoDate } from '../form/field-hint.ts'
import { choicesOf } from '../form/form-values.ts'
import './field.css'

export interface FieldProps {
  readonly column: ColumnSchema
  readonly id: string
  readonly value: string
  readonly error: string | undefined
  readonly hidden: boolean
  readonly onChange: (name: string, value: string) => void
}

/** One input of the model with its label, unit, bounds, hint and error. Memoised: one keystroke renders one field. */
export const Field = memo(function Field({ column, id, value, error, hidden, onChange }: FieldProps) {
  const hint = hintOf(column)
  const about = [column.description ? `${id}-about` : '', hint ? `${id}-hint` : '', error ? `${id}-error` : '']
    .filter(Boolean)
    .join(' ')
  const shared = {
    id,
    name: column.name,
    value,
    required: column.declared.required,
    'aria-invalid': error ? true : undefined,
    'aria-describedby': about || undefined,
    onChange: (event: { target: { value: string } }) => onChange(column.name, event.target.value),
  }
  return (
    <div className={classesOf(column, error)} hidden={hidden}>
      <label htmlFor={id}>
        {column.name}
        {column.unit ? <span className="field-unit"> ({column.unit})</span> : null}
      </label>
      <Control column={column} shared={shared} />
      {column.description ? (
        <p className="field-note" id={`${id}-about`}>
          {column.description}
        </p>
      ) : null}
      {hint ? (
        <p className="field-note" id={`${id}-hint`}>
          {hint}
        </p>
      ) : null}
      {error ? (
        <p className="field-error" id={`${id}-error`}>
          {error}
        </p>
      ) : null}
    </div>
  )
})

/** A text takes the whole width: it is read over while it is written. */
function classesOf(column: ColumnSchema, error: string | undefined): string {
  return ['field', column.kind === 'text' ? 'field-wide' : '', error ? 'field-wrong' : ''].filter(Boolean).join(' ')
}

type SharedProps = {
  id: string
  name: string
  value: string
  required: boolean
  'aria-invalid': boolean | undefined
  'aria-describedby': string | undefined
  onChange: (event: { target: { value: string } }) => void
}

function Control({ column, shared }: { column: ColumnSchema; shared: SharedProps }) {
  const choices = choicesOf(column, shared.value)
  if (choices) {
    return (
      <select {...shared}>
        <option value="">{column.declared.required ? 'Choose…' : 'Not known'}</option>
        {choices.map((choice) => (
          <option key={choice.value} value={choice.value}>
            {choice.text}
          </option>
        ))}
      </select>
    )
  }
  const { min, max } = column.declared
  if (column.kind === 'date') {
    return (
      <input
        {...shared}
        type="date"
        min={min === undefined ? undefined : isoDate(min)}
        max={max === undefined ? undefined : isoDate(max)}
      />
    )
  }
  if (column.kind === 'text') return <textarea {...shared} rows={3} />
  if (column.dataType === 'integer' || column.dataType === 'float') {
    return (
      <input
        {...shared}
        type="number"
        inputMode={column.dataType === 'integer' ? 'numeric' : 'decimal'}
        step={column.dataType === 'integer' ? 1 : 'any'}
        min={min}
        max={max}
      />
    )
  }
  return <input {...shared} type="text" autoComplete="off" />
}
