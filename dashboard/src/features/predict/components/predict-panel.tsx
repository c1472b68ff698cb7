import { useCallback, useMemo, useRef, useState } from 'react'
import type { ModelSignature } from '../../../../../src/packaging/signature.ts'
import { ApiError } from '../../../api/api-error.ts'
import { Failure, Loading } from '../../../components/states.tsx'
import { useSignature } from '../api/get-signature.ts'
import { type InputRecord, type PredictAnswer, usePredict } from '../api/post-predict.ts'
import { sortErrors } from '../form/field-errors.ts'
import { exampleValues, type FormValues, toRecord } from '../form/form-values.ts'
import { Answer } from './answer.tsx'
import { ErrorSummary } from './error-summary.tsx'
import { PredictForm } from './predict-form.tsx'
import { RequestSample } from './request-sample.tsx'
import { WhatIf } from './what-if.tsx'
import './predict-panel.css'

/** The form of one model beside its answer. */
export function PredictPanel({ model }: { model: string }) {
  const signature = useSignature(model)
  if (signature.isPending) return <Loading what="the form" lines={12} />
  if (signature.isError)
    return <Failure error={signature.error} what="the model's signature" onRetry={() => void signature.refetch()} />
  return <AskPanel model={model} signature={signature.data} />
}

function AskPanel({ model, signature }: { model: string; signature: ModelSignature }) {
  const frame = useRef<HTMLDivElement>(null)
  const [values, setValues] = useState<FormValues>(() => exampleValues(signature))
  const [unreadable, setUnreadable] = useState<ApiError | null>(null)
  const predict = usePredict(model)
  const record = useMemo(() => toRecord(signature.inputs, values), [signature, values])
  const error = unreadable ?? predict.error
  const sorted = useMemo(
    () =>
      sortErrors(
        error instanceof ApiError ? error.details : [],
        signature.inputs.map((column) => column.name),
      ),
    [error, signature],
  )
  const change = useCallback((next: (values: FormValues) => FormValues) => setValues(next), [])

  function submit(fields: readonly string[]): void {
    setUnreadable(fields.length > 0 ? unreadableError(fields) : null)
    if (fields.length === 0) predict.mutate(record)
  }

  function goTo(field: string): void {
    const control = frame.current?.querySelector<HTMLElement>(`[name="${CSS.escape(field)}"]`)
    control?.focus({ preventScroll: true })
    control?.scrollIntoView({ block: 'center' })
  }

  return (
    <div className="predict-panel" ref={frame}>
      <PredictForm
        signature={signature}
        values={values}
        busy={predict.isPending}
        errors={sorted.fields}
        onChange={change}
        onSubmit={submit}
      />
      <aside className="predict-answer" aria-label="Answer">
        {error ? (
          <ErrorSummary error={error} sorted={sorted} onGoTo={goTo} />
        ) : predict.data ? (
          <>
            <Answer answer={predict.data} signature={signature} outdated={isOutdated(predict.variables, record)} />
            {signature.task === 'clustering' ? null : (
              <WhatIf
                key={predict.data.predictions[0]?.id}
                model={model}
                signature={signature}
                record={predict.variables}
                label={labelOf(predict.data)}
              />
            )}
          </>
        ) : (
          <div className="predict-waiting soft">
            <p>The form holds an example: a typical record, made from training statistics and nobody's data.</p>
            <p>Press Predict to see the model's answer and its reasons.</p>
          </div>
        )}
        <RequestSample model={model} record={record} />
      </aside>
    </div>
  )
}

function labelOf({ predictions: [prediction] }: PredictAnswer): string | null {
  return prediction && 'label' in prediction ? prediction.label : null
}

function isOutdated(asked: InputRecord | undefined, record: InputRecord): boolean {
  return JSON.stringify(asked) !== JSON.stringify(record)
}

/** The browser hands over nothing for a number that it can't read, so the server could only call it missing. */
function unreadableError(fields: readonly string[]): ApiError {
  return new ApiError(400, {
    message: 'Some fields cannot be read.',
    details: fields.map((field) => ({ path: `records[0].${field}`, message: 'Expected a number.' })),
  })
}
