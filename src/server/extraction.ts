import type { FastifyInstance, FastifyRequest } from 'fastify'
import { BellwetherError } from '../errors.ts'
import type { ExtractionSettings } from '../serve/extraction/extraction-settings.ts'
import { ExtractionWatch } from '../serve/extraction/extraction-watch.ts'
import type { ServedModel } from '../serve/model-cache.ts'
import { type FailedPrediction, isFailed, type Prediction } from '../serve/prediction.ts'
import type { Authentication } from './authentication.ts'
import type { ServerMetrics } from './metrics.ts'
import { callerOf, type RateLimitOptions } from './rate-limit.ts'

export interface ExtractionGuardOptions extends RateLimitOptions {
  readonly settings: ExtractionSettings
  readonly random: () => number
  readonly metrics: Pick<ServerMetrics, 'extractionSuspected'>
  readonly authentication: Pick<Authentication, 'suspected'>
}

/** Told of every prediction that was answered, whatever the protocol. */
export type ExtractionGuard = (
  request: FastifyRequest,
  served: ServedModel,
  records: readonly unknown[],
  predictions: readonly (Prediction | FailedPrediction)[],
) => void

/**
 * Raises an alert when somebody asks a model as one who copies it: a line in the log, a count, an entry in the audit log. Refuses him only where the
 * settings say so. Add it after access is checked.
 */
export function guardExtraction(app: FastifyInstance, options: ExtractionGuardOptions): ExtractionGuard {
  const { settings, clock, random, metrics, authentication } = options
  if (!settings.watch) return () => {}
  let asking: FastifyRequest | null = null
  const watch = new ExtractionWatch({
    settings,
    clock,
    random,
    onAlert({ caller, model, version, rule, why }) {
      metrics.extractionSuspected(model, rule)
      // An address is in the audit log only.
      const shown = caller.startsWith('address:') ? 'an address without a key' : caller
      asking?.log.warn({ caller: shown, model, version, rule, why }, 'a model is asked as by one who copies it')
      authentication.suspected({
        time: clock(),
        actor: asking?.principal?.actor ?? 'unknown',
        subject: `${model}/${version}`,
        address: asking?.ip ?? null,
        detail: `${rule}: ${why}`,
      })
    },
  })
  if (settings.refuse)
    app.addHook('onRequest', (request, reply, done) => {
      if (request.is404 || request.routeOptions.config.permission !== 'models:predict') return done()
      const seconds = watch.refusedSeconds(callerOf(request, request.principal, options).name)
      if (seconds === 0) return done()
      reply.header('retry-after', seconds)
      done(new BellwetherError('EXTRACTION_SUSPECTED', `Predictions are refused to this caller for ${seconds} s.`))
    })
  return (request, { name, version, scorer }, records, predictions) => {
    const { name: caller, ratePerMinute } = callerOf(request, request.principal, options)
    asking = request
    const answerOf = (index: number) => {
      const prediction = predictions[index]
      return prediction === undefined || isFailed(prediction) ? undefined : groupOf(prediction)
    }
    watch.asked({ caller, model: name, version, scorer, records, answerOf, ratePerMinute })
    asking = null
  }
}

/** Label or cluster; null for a number, of which no two need be the same. */
function groupOf(prediction: Prediction): string | number | null {
  if ('label' in prediction) return prediction.label
  return 'cluster' in prediction ? prediction.cluster : null
}
