import { setImmediate as nextTurn } from 'node:timers/promises'
import type { FastifyRequest } from 'fastify'
import { BellwetherError } from '../errors.ts'
import type { ServedModel } from '../serve/model-cache.ts'
import type { OnError } from '../serve/predict-request.ts'
import { type FailedPrediction, isFailed, type Prediction } from '../serve/prediction.ts'
import { makeEntries, policyOf } from '../serve/prediction-log/make-entries.ts'
import { protocolOf } from './metrics.ts'
import type { RouteContext } from './route-types.ts'
import { traced } from './tracing.ts'

type ScoringContext = Pick<
  RouteContext,
  'metrics' | 'newId' | 'clock' | 'predictionLog' | 'cloudEvents' | 'traffic' | 'watchExtraction'
>

export interface ScoreRequest {
  readonly records: readonly unknown[]
  readonly explain: boolean
  readonly onError: OnError
}

/** Answers records of a request and counts them: the one way that every protocol goes, so that all give the same answers. */
export async function scoreRecords(
  request: FastifyRequest,
  served: ServedModel,
  { records, explain, onError }: ScoreRequest,
  context: ScoringContext,
): Promise<(Prediction | FailedPrediction)[]> {
  const started = performance.now()
  const { newId, metrics } = context
  const scored = metrics.scoring(served.name, served.version, protocolOf(request.routeOptions.url))
  let predictions: (Prediction | FailedPrediction)[]
  try {
    predictions = await traced(
      request,
      `score ${served.name}`,
      { 'bellwether.model.version': served.version, 'bellwether.records': records.length },
      () => served.scorer.scoreInSlices(records, { explain, onError, newId }, nextTurn),
    )
  } finally {
    scored()
  }
  await keepScored(request, served, records, predictions, performance.now() - started, context)
  return predictions
}

/** As `scoreRecords`, where one bad record refuses all. */
export async function scoreAllRecords(
  request: FastifyRequest,
  served: ServedModel,
  records: readonly unknown[],
  context: ScoringContext,
  explain = false,
): Promise<Prediction[]> {
  const predictions = await scoreRecords(request, served, { records, explain, onError: 'refuse' }, context)
  return predictions.map((prediction) => {
    if (isFailed(prediction)) throw new BellwetherError('INTERNAL', 'A refused request has no failed predictions.')
    return prediction
  })
}

/** Counts what was scored, looks for who copies the model, shows it to shadows, and keeps it in the prediction log; waits for the disk only where the project asks for that. */
export async function keepScored(
  request: FastifyRequest,
  served: ServedModel,
  records: readonly unknown[],
  predictions: readonly (Prediction | FailedPrediction)[],
  latencyMs: number,
  { metrics, predictionLog, cloudEvents, clock, traffic, watchExtraction }: ScoringContext,
): Promise<void> {
  countScored(request, served, predictions, metrics)
  watchExtraction(request, served, records, predictions)
  if (request.dealt !== null) traffic.answered(request.dealt, { records, predictions, latencyMs })
  if (predictionLog === null) return
  const { options, cloudEvents: mayLeave } = policyOf(served)
  const collector = mayLeave ? cloudEvents : null
  if (!options.enabled && collector === null) return
  const entries = makeEntries(
    {
      served,
      records,
      predictions,
      time: clock(),
      latencyMs: Math.round(latencyMs * 1000) / 1000,
      key: request.principal?.keyId ?? null,
      request: request.id,
    },
    predictionLog,
  )
  collector?.send(entries, request.trace?.traceId)
  if (!options.enabled) return
  if (options.durability === 'request')
    await traced(request, 'store predictions.keep', {}, () => predictionLog.keep(entries))
  else predictionLog.add(entries)
}

function countScored(
  request: FastifyRequest,
  { name, version }: ServedModel,
  predictions: readonly (Prediction | FailedPrediction)[],
  metrics: RouteContext['metrics'],
): void {
  let scored = 0
  let warnings = 0
  for (const prediction of predictions) {
    if (isFailed(prediction)) continue
    scored++
    warnings += prediction.warnings.length
  }
  metrics.predicted(name, version, scored, warnings)
  request.scored = { model: name, version, records: predictions.length, failed: predictions.length - scored }
}
