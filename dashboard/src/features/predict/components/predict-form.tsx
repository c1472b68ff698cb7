import { type FormEvent, useCallback, useId, useMemo, useRef, useState } from 'react'
import type { ModelSignature } from '../../../../../src/packaging/signature.ts'
import { Button } from '../../../components/button.tsx'
import { Card } from '../../../components/card.tsx'
import { groupFields, matchesSearch } from '../form/field-groups.ts'
import { emptyValues, exampleValues, type FormValues } from '../form/form-values.ts'
import { Field } from './field.tsx'
import './predict-form.css'

/** From so many fields on there is a search over them. */
const SEARCH_FROM = 12

export interface PredictFormProps {
  readonly signature: ModelSignature
  readonly values: FormValues
  readonly busy: boolean
  /** Field name -> what is wrong with it. */
  readonly errors: ReadonlyMap<string, string>
  readonly onChange: (change: (values: FormValues) => FormValues) => void
  /** `unreadable`: fields whose text the browser can't read as a number or a date. */
  readonly onSubmit: (unreadable: readonly string[]) => void
}

/** The form that a model's signature gives. */
export function PredictForm({ signature, values, busy, errors, onChange, onSubmit }: PredictFormProps) {
  const formId = useId()
  const form = useRef<HTMLFormElement>(null)
  const [search, setSearch] = useState('')
  const [generation, setGeneration] = useState(0)
  const groups = useMemo(() => groupFields(signature.inputs), [signature])
  const change = useCallback(
    (name: string, value: string) => onChange((before) => ({ ...before, [name]: value })),
    [onChange],
  )

  const isHidden = (name: string): boolean => {
    const column = signature.inputs.find((input) => input.name === name)
    return column !== undefined && !errors.has(name) && !matchesSearch(column, search)
  }
  const nShown = signature.inputs.filter((column) => !isHidden(column.name)).length

  function submit(event: FormEvent): void {
    event.preventDefault()
    if (busy || !form.current) return
    const controls = [...form.current.elements].filter((element) => element instanceof HTMLInputElement)
    onSubmit(controls.filter((control) => control.validity.badInput).map((control) => control.name))
  }

  /** New controls: those that hold what the browser could not read would keep it. */
  function fill(next: FormValues): void {
    setGeneration((before) => before + 1)
    setSearch('')
    onChange(() => next)
  }

  return (
    <form
      ref={form}
      className="predict-form"
      noValidate
      onSubmit={submit}
      aria-label={`Ask about one record: ${signature.target?.name ?? 'cluster'}`}
    >
      <div className="form-tools">
        {signature.inputs.length >= SEARCH_FROM ? (
          <div className="form-search">
            <input
              type="search"
              className="search-field"
              placeholder={`Search ${signature.inputs.length} fields`}
              aria-label="Search fields"
              value={search}
              onChange={(event) => setSearch(event.target.value)}
              onKeyDown={(event) => {
                if (event.key === 'Enter') event.preventDefault()
              }}
            />
          </div>
        ) : null}
        <div className="form-fill">
          <Button kind="quiet" onClick={() => fill(exampleValues(signature))}>
            Fill in the example
          </Button>
          <Button kind="quiet" onClick={() => fill(emptyValues(signature))}>
            Clear
          </Button>
        </div>
      </div>
      {search ? (
        <p className="soft small" role="status">
          {nShown === 0 ? 'No field fits this search.' : `${nShown} of ${signature.inputs.length} fields`}
        </p>
      ) : null}
      {groups.map((group, index) => {
        const hidden = group.columns.every((column) => isHidden(column.name))
        return (
          <fieldset key={`${generation} ${group.title}`} hidden={hidden}>
            <legend className={group.title ? undefined : 'visually-hidden'}>{group.title || 'Inputs'}</legend>
            <Card>
              <div className="field-grid">
                {group.columns.map((column, place) => (
                  <Field
                    key={column.name}
                    id={`${formId}-${index}-${place}`}
                    column={column}
                    value={values[column.name] ?? ''}
                    error={errors.get(column.name)}
                    hidden={isHidden(column.name)}
                    onChange={change}
                  />
                ))}
              </div>
            </Card>
          </fieldset>
        )
      })}
      <div className="form-send">
        <Button type="submit" kind="primary" busy={busy}>
          {busy ? 'Predicting…' : 'Predict'}
        </Button>
        <span className="soft small">Leave empty what is not known.</span>
      </div>
    </form>
  )
}
