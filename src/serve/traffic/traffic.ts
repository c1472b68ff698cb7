import type { KeyObject } from 'node:crypto'
import { BellwetherError } from '../../errors.ts'
import type { ModelRegistry } from '../../track/model-registry.ts'
import { CHAMPION, canariesOf, planOf, samePlan, type TrafficPlan, withoutShares } from '../../track/traffic-plan.ts'
import type { ModelCache, ServedModel } from '../model-cache.ts'
import { type FailedPrediction, isFailed, type Prediction } from '../prediction.ts'
import { policyOf } from '../prediction-log/make-entries.ts'
import type { Scorer } from '../scorer.ts'
import { BackgroundQueue } from './background-queue.ts'
import { type StopRule, whyStop } from './canary-verdict.ts'
import { aliasAt, stickyPoint } from './choose-alias.ts'
import { compareAnswers } from './compare-answers.ts'
import type { VariantTotals } from './variant-window.ts'
import { type ShadowSeen, type ShadowTotals, type Stop, Watch } from './watch.ts'

type Answer = Prediction | FailedPrediction

/** Who asks, as far as the choice of a version needs to know. Asked only for what the plan names. */
export interface Caller {
  header(name: string): string | null
  /** Id of the API key or token. */
  key(): string | null
  /** Values of the project's id column in the request's records; empty where there are none. */
  ids(column: string): readonly string[]
}

/** Who answers a request. */
export interface Route {
  readonly served: ServedModel
  readonly champion: ServedModel
  /** null: the champion answers everything. */
  readonly plan: TrafficPlan | null
}

export interface AnsweredBatch {
  readonly records: readonly unknown[]
  readonly predictions: readonly Answer[]
  readonly latencyMs: number
}

export interface TrafficListener {
  /** A request of a model that has a plan was dealt. */
  routed?(served: ServedModel): void
  canaryFailed?(canary: ServedModel): void
  shadowed?(model: string, seen: ShadowSeen): void
  /** Records that were not shown to a shadow: the queue is full, or it can't be loaded. */
  dropped?(model: string, records: number): void
  stopped?(canary: ServedModel, rule: StopRule, reason: string): void
  failed?(error: unknown): void
}

export interface TrafficOptions {
  readonly cache: ModelCache
  readonly models: Pick<ModelRegistry, 'setTraffic'>
  readonly clock: () => number
  /** Deals sticky keys; the same for all processes that serve together. */
  readonly secret: KeyObject
  /** Deals requests without a key. In [0, 1). */
  readonly random: () => number
  /** Whether requests wait to be answered. */
  readonly isBusy: () => boolean
  readonly listener: TrafficListener
}

/** Records that may wait to be shown to shadows. */
const QUEUE_RECORDS = 10_000
/** Records that a shadow scores without a pause. */
const CHUNK = 32
/** Who stops a canary, in the ledger. */
const ACTOR = 'bellwether'
/** How soon a stop that could not be saved is tried again. */
const RETRY_MS = 5_000
/** How often it is told of what should not happen. */
const TELL_MS = 60_000

export interface TrafficView {
  readonly plan: TrafficPlan | null
  /** Where the plan is from: the registry, the project file of the champion, or nowhere. */
  readonly from: 'registry' | 'project' | null
  readonly variants: readonly (VariantTotals & { readonly version: number })[]
  readonly shadows: readonly ShadowTotals[]
  /** Records that were not shown to a shadow: too many waited, or it could not be loaded. */
  readonly dropped: number
}

const projectPlans = new WeakMap<Scorer, { readonly plan: TrafficPlan | null }>()

/** The plan of a version's own project file, which holds until the registry has one. */
function projectPlan({ scorer }: ServedModel): TrafficPlan | null {
  let known = projectPlans.get(scorer)
  if (!known) {
    const serving = scorer.manifest.project['serving'] as { traffic?: unknown } | null | undefined
    known = { plan: serving?.traffic == null ? null : planOf(serving.traffic) }
    projectPlans.set(scorer, known)
  }
  return known.plan
}

/** Deals the requests of models over their versions, shows them to shadows, and stops canaries that do badly. */
export class Traffic {
  readonly #options: TrafficOptions
  readonly #queue: BackgroundQueue
  readonly #watches = new Map<string, Watch>()
  #toldAt = Number.NEGATIVE_INFINITY

  constructor(options: TrafficOptions) {
    this.#options = options
    this.#queue = new BackgroundQueue({
      capacity: QUEUE_RECORDS,
      isBusy: options.isBusy,
      onError: (error) => this.#tell(error),
    })
  }

  /**
   * Who answers a request that names neither version nor alias. A canary that can't be loaded is passed over.
   * @throws as ModelCache.resolve does for the champion
   */
  async route(model: string, caller: Caller): Promise<Route> {
    const champion = await this.#options.cache.resolve(model, { alias: CHAMPION })
    const plan = this.#planOf(champion).plan
    if (plan === null) {
      this.#watches.delete(model)
      return { served: champion, champion, plan }
    }
    // Also where no canary is left: the same plan may come back, and then begins anew.
    this.#watch(model, plan)
    const served = await this.#choose(plan, champion, caller)
    this.#options.listener.routed?.(served)
    return { served, champion, plan }
  }

  /** To be told of every answer of a route: it is timed, judged, and shown to shadows. Returns at once and never throws. */
  answered({ served, champion, plan }: Route, { records, predictions, latencyMs }: AnsweredBatch): void {
    if (plan === null || records.length === 0) return
    const watch = this.#watch(served.name, plan)
    const isCanary = served !== champion
    watch.window(served.version).answered(this.#options.clock(), latencyMs)
    for (const alias of plan.shadow) {
      this.#offer(watch, served.name, records.length, async (pause) => {
        const shadow = await this.#find(served.name, alias)
        if (shadow === null) return this.#drop(watch, served.name, records.length)
        if (shadow.version === served.version) return
        const asked = await this.#ask(shadow, records, pause)
        const seen: ShadowSeen = {
          ...compareAnswers(predictions, asked.answers, plan.stop.tolerance),
          alias,
          version: shadow.version,
          latencyMs: asked.latencyMs,
        }
        watch.shadowed(seen)
        this.#options.listener.shadowed?.(served.name, seen)
      })
    }
    if (isCanary && (plan.stop.disagreement !== null || predictions.some(isFailed))) {
      this.#offer(watch, served.name, records.length, async (pause) => {
        const asked = await this.#ask(champion, records, pause)
        const seen = compareAnswers(asked.answers, predictions, plan.stop.tolerance)
        const window = watch.window(served.version)
        window.compared(this.#options.clock(), seen.compared, seen.disagreed)
        if (seen.failed > 0) {
          window.failedAfterAll(this.#options.clock())
          this.#options.listener.canaryFailed?.(served)
        }
        this.#judge(watch, served, champion)
      })
    }
    if (isCanary) this.#judge(watch, served, champion)
  }

  /** To be told where the canary of a route failed and the champion answered in its place. */
  failed({ served, champion, plan }: Route): void {
    if (plan === null || served === champion) return
    const watch = this.#watch(served.name, plan)
    watch.window(served.version).failed(this.#options.clock())
    this.#options.listener.canaryFailed?.(served)
    this.#judge(watch, served, champion)
  }

  /** The plan of a model and what this process has seen since it holds. @throws as ModelCache.resolve does for the champion */
  async view(model: string): Promise<TrafficView> {
    const champion = await this.#options.cache.resolve(model, { alias: CHAMPION })
    const { plan, from } = this.#planOf(champion)
    if (plan === null) return { plan, from, variants: [], shadows: [], dropped: 0 }
    const watch = this.#watch(model, plan)
    const variants = watch.variants(this.#options.clock())
    return { plan, from, variants, shadows: watch.shadows(), dropped: watch.dropped }
  }

  /** Loads what a plan names, so that no request waits for it. @throws ALIAS_NOT_FOUND, MODEL_UNAVAILABLE */
  async warm(model: string, plan: TrafficPlan): Promise<void> {
    for (const alias of new Set([...canariesOf(plan), ...plan.shadow]))
      await this.#options.cache.resolve(model, { alias })
  }

  /** Loads what all plans in the registry name, as far as it can be loaded. */
  async warmAll(): Promise<void> {
    const { models } = await this.#options.cache.registered()
    for (const { name, traffic } of models)
      if (traffic) await this.warm(name, traffic).catch((error: unknown) => this.#tell(error))
  }

  /** Resolves when no comparison waits. */
  async settled(): Promise<void> {
    await this.#queue.idle()
  }

  async close(): Promise<void> {
    await this.#queue.close()
  }

  #planOf(champion: ServedModel): Pick<TrafficView, 'plan' | 'from'> {
    const registered = this.#options.cache.trafficOf(champion.name)
    if (registered) return { plan: registered, from: 'registry' }
    const own = projectPlan(champion)
    return { plan: own, from: own ? 'project' : null }
  }

  async #choose(plan: TrafficPlan, champion: ServedModel, caller: Caller): Promise<ServedModel> {
    const alias = this.#aliasFor(plan, champion, caller)
    if (alias === CHAMPION) return champion
    const canary = await this.#find(champion.name, alias)
    // An alias that is gone leaves its share to the champion.
    if (canary === null || canary.version === champion.version) return champion
    const watch = this.#watch(champion.name, plan)
    const stop = watch.stopped.get(canary.version)
    if (!stop) return canary
    if (stop.tried !== null && this.#options.clock() - stop.tried >= RETRY_MS) void this.#save(watch, canary, stop)
    return champion
  }

  /** The version behind an alias, or null where there is none or it can't be loaded, which the cache tells of. */
  async #find(model: string, alias: string): Promise<ServedModel | null> {
    try {
      return await this.#options.cache.resolve(model, { alias })
    } catch (error) {
      if (!(error instanceof BellwetherError)) this.#tell(error)
      return null
    }
  }

  /** Tells of what should not happen, at most once a minute: it might happen with every request. */
  #tell(error: unknown): void {
    const now = this.#options.clock()
    if (now - this.#toldAt < TELL_MS) return
    this.#toldAt = now
    this.#options.listener.failed?.(error)
  }

  #aliasFor(plan: TrafficPlan, champion: ServedModel, caller: Caller): string {
    if (canariesOf(plan).length === 0) return CHAMPION
    const { secret, random } = this.#options
    const of = (key: string) => aliasAt(plan, stickyPoint(secret, champion.name, key))
    const byChance = () => aliasAt(plan, random())
    switch (plan.sticky) {
      case 'none':
        return byChance()
      case 'header': {
        const value = caller.header(plan.header)
        return value ? of(value) : byChance()
      }
      case 'key': {
        const key = caller.key()
        return key ? of(key) : byChance()
      }
      case 'id': {
        const column = policyOf(champion).id
        const ids = column === null ? [] : caller.ids(column)
        if (ids.length === 0) return byChance()
        const first = of(ids[0]!)
        // One answer has one version: persons of several are answered by the champion.
        return ids.every((id) => of(id) === first) ? first : CHAMPION
      }
    }
  }

  /** What has been seen under a plan; it begins anew with another plan. */
  #watch(model: string, plan: TrafficPlan): Watch {
    const known = this.#watches.get(model)
    if (known?.plan === plan) return known
    if (known && samePlan(known.plan, plan)) {
      known.plan = plan
      return known
    }
    const fresh = new Watch(plan)
    this.#watches.set(model, fresh)
    return fresh
  }

  #offer(watch: Watch, model: string, size: number, run: (pause: () => Promise<void>) => Promise<void>): void {
    if (!this.#queue.offer({ size, run })) this.#drop(watch, model, size)
  }

  #drop(watch: Watch, model: string, size: number): void {
    watch.dropped += size
    this.#options.listener.dropped?.(model, size)
  }

  async #ask(
    { scorer }: ServedModel,
    records: readonly unknown[],
    pause: () => Promise<void>,
  ): Promise<{ answers: Answer[]; latencyMs: number }> {
    const answers: Answer[] = []
    let latencyMs = 0
    for (let start = 0; start < records.length; start += CHUNK) {
      if (start > 0) await pause()
      const started = performance.now()
      answers.push(
        ...scorer.score(records.slice(start, start + CHUNK), { explain: false, newId: () => '', onError: 'partial' }),
      )
      latencyMs += performance.now() - started
    }
    return { answers, latencyMs }
  }

  #judge(watch: Watch, canary: ServedModel, champion: ServedModel): void {
    if (watch.stopped.has(canary.version)) return
    const now = this.#options.clock()
    const verdict = whyStop(
      watch.plan.stop,
      watch.window(canary.version).totals(now),
      watch.window(champion.version).totals(now),
    )
    if (!verdict) return
    const stop: Stop = { ...verdict, tried: null }
    watch.stopped.set(canary.version, stop)
    this.#options.listener.stopped?.(canary, stop.rule, stop.reason)
    void this.#save(watch, canary, stop)
  }

  /** Writes a stop into the registry, for all who serve the model. */
  async #save(watch: Watch, canary: ServedModel, stop: Stop): Promise<void> {
    const { plan } = watch
    const { cache, models, clock } = this.#options
    stop.tried = clock()
    try {
      const { models: registered } = await cache.registered()
      const { aliases = {}, traffic = null } = registered.find(({ name }) => name === canary.name) ?? {}
      // Whoever changed the plan meanwhile knows better; another process may have stopped the canary already.
      if (traffic && !samePlan(traffic, plan)) return
      const { alias } = canary
      const gone = Object.keys(plan.weights).filter((each) => !Object.hasOwn(aliases, each))
      await models.setTraffic({
        model: canary.name,
        plan: {
          ...withoutShares(plan, [...gone, ...(alias ? [alias] : [])]),
          shadow: plan.shadow.filter((each) => Object.hasOwn(aliases, each)),
        },
        expected: traffic,
        actor: ACTOR,
        reason: `canary ${alias} (version ${canary.version}) was stopped: ${stop.reason}`,
        now: clock(),
      })
      stop.tried = null
      await cache.refresh()
      if (this.#watches.get(canary.name) === watch) this.#watches.delete(canary.name)
    } catch (error) {
      if (!(error instanceof BellwetherError && error.code === 'TRAFFIC_CHANGED')) this.#tell(error)
    }
  }
}
