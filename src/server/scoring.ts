import { setImmediate as nextTurn } from 'node:timers/promises'
import type { FastifyRequest } from 'fastify'
import { BellwetherError } from '../errors.ts'
import type { ServedModel } from '../serve/model-cache.ts'
import type { OnError } from '../serve/predict-request.ts'
import { type FailedPrediction, isFailed, type Prediction } from '../serve/prediction.ts'
import type { RouteContext } from './route-types.ts'

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
  { metrics, newId }: Pick<RouteContext, 'metrics' | 'newId'>,
): Promise<(Prediction | FailedPrediction)[]> {
  const predictions = await served.scorer.scoreInSlices(records, { explain, onError, newId }, nextTurn)
  countScored(request, served, predictions, metrics)
  return predictions
}

/** As `scoreRecords`, where one bad record refuses all. */
export async function scoreAllRecords(
  request: FastifyRequest,
  served: ServedModel,
  records: readonly unknown[],
  context: Pick<RouteContext, 'metrics' | 'newId'>,
  explain = false,
): Promise<Prediction[]> {
  const predictions = await scoreRecords(request, served, { records, explain, onError: 'refuse' }, context)
  return predictions.map((prediction) => {
    if (isFailed(prediction)) throw new BellwetherError('INTERNAL', 'A refused request has no failed predictions.')
    return prediction
  })
}

export function countScored(
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
