import type {
  FastifyBaseLogger,
  FastifyInstance,
  FastifyTypeProvider,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from 'fastify'
import type { z } from 'zod'
import type { EventCollector } from '../serve/cloud-events/event-collector.ts'
import type { ModelCache } from '../serve/model-cache.ts'
import type { LogSecrets } from '../serve/prediction-log/make-entries.ts'
import type { PredictionLog } from '../serve/prediction-log/prediction-log.ts'
import type { Traffic } from '../serve/traffic/traffic.ts'
import type { DataWorker } from './data-worker.ts'
import type { ExtractionGuard } from './extraction.ts'
import type { ServerMetrics } from './metrics.ts'
import type { PersonEraser } from './person-eraser.ts'
import type { MakeAgain } from './reproductions.ts'
import type { ServerLimits, ServerStores } from './server-options.ts'

/** Types requests and answers by the Zod schemas that a route declares. Answers may be the stores' immutable values. */
interface ZodTypes extends FastifyTypeProvider {
  validator: this['schema'] extends z.ZodType ? z.output<this['schema']> : unknown
  serializer: this['schema'] extends z.ZodType ? Immutable<z.output<this['schema']>> : unknown
}

type Immutable<T> = T extends readonly (infer Item)[]
  ? number extends T['length']
    ? readonly Immutable<Item>[]
    : Readonly<T>
  : T extends object
    ? { readonly [Key in keyof T]: Immutable<T[Key]> }
    : T

export type TypedApp = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  ZodTypes
>

/** What routes are handed. */
export interface RouteContext {
  readonly stores: ServerStores
  readonly cache: ModelCache
  /** Deals requests over versions; for those that name neither version nor alias. */
  readonly traffic: Traffic
  readonly metrics: ServerMetrics
  readonly limits: ServerLimits
  readonly clock: () => number
  readonly newId: () => string
  /** Where predictions are kept; null: nowhere. */
  readonly predictionLog: (PredictionLog & LogSecrets) | null
  /** Where predictions go as events; null: nowhere. */
  readonly cloudEvents: EventCollector | null
  /** Told of what was answered: who asks as one who copies a model raises an alert. */
  readonly watchExtraction: ExtractionGuard
  /** Takes persons out of what is kept; null: this server does not. */
  readonly eraser: PersonEraser | null
  /** Makes a run again in another process; null: this server does not. */
  readonly makeAgain: MakeAgain | null
  /** Reads tables into versions, and sends versions away; null: this server does neither. */
  readonly dataWorker: DataWorker | null
  /** As the operator set it; null: the only model there is. */
  readonly defaultModel: string | null
}
