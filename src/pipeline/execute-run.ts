import { BellwetherError } from '../errors.ts'
import { answeringTitle } from '../evaluate/answering-pipeline.ts'
import { scoreAll } from '../evaluate/metrics/score-all.ts'
import type { TrialResult } from '../evaluate/search/randomised-search.ts'
import { estimator } from '../learn/estimators.ts'
import { type FittedPipeline, fitModelOn } from '../learn/fitted-pipeline.ts'
import type { Run } from '../track/tracking-store.ts'
import { type AnswerReport, buildAnswer } from './build-answer.ts'
import { type CandidateReport, type Evaluation, evaluateWinner, scoringInterval } from './evaluate-winner.ts'
import { fitThreads } from './fit-threads.ts'
import { type GateResult, judgeGates } from './gates.ts'
import { openRun } from './open-run.ts'
import { membersText, paramTexts } from './param-text.ts'
import type { PreparedRun } from './prepare-run.ts'
import { registerVersion } from './register-version.ts'
import type { RunDeps } from './run-deps.ts'
import { abandonRun, followStages, keepArtifact, settle } from './run-steps.ts'
import { limitParams, replayable } from './search-budget.ts'
import { searchCandidates } from './search-candidates.ts'
import { type SearchSummary, summaryOf } from './search-summary.ts'

/** What a run ends with; `--json` prints it. */
export interface RunResult {
  readonly project: string
  readonly runId: string
  readonly dataset: { readonly id: string; readonly rows: number; readonly rejected: number }
  readonly search: SearchSummary
  readonly candidates: readonly CandidateReport[]
  readonly best: {
    readonly estimator: string
    readonly params: Readonly<Record<string, unknown>>
    readonly cv: Readonly<Record<string, number>>
    /** What answers: one model, or several blended with these weights. */
    readonly members: readonly (Pick<AnswerReport['members'][number], 'estimator' | 'params' | 'weight'> & {
      readonly trial: number
    })[]
    /** The same weights, in the order of the members. */
    readonly weights: readonly number[]
    readonly blend: AnswerReport['blend']
    readonly calibration: AnswerReport['calibration']
    readonly decision: AnswerReport['decision']
    readonly labels: AnswerReport['labels']
  }
  readonly test: Readonly<Record<string, number>>
  /** 95 % bootstrap bounds of the test metrics. */
  readonly intervals: Readonly<Record<string, readonly [number, number]>>
  readonly baseline: Readonly<Record<string, number>>
  readonly model: { readonly name: string; readonly version: number; readonly aliases: readonly string[] }
  readonly gates: readonly GateResult[]
  readonly warnings: readonly string[]
  readonly seconds: number
}

/**
 * Searches, evaluates, records and registers a prepared run. A failure or a stop leaves a run with that status, its finished trials and, of a failure,
 * why; a model version appears only at the very end, whole, and its run ends with it.
 * @throws CANCELLED when stopped; SEARCH_ALL_FAILED when no trial gave a model
 */
export async function executeRun(prepared: PreparedRun, given: RunDeps): Promise<RunResult> {
  const { onEvent, stage } = followStages(given.onEvent)
  const deps = { ...given, onEvent }
  const { tracking, clock } = deps
  const started = clock()
  const run = await openRun(prepared, paramsOf(prepared), deps, started)
  try {
    const result = await searchToVersion(prepared, run, deps, started)
    return result
  } catch (error) {
    const stopped = await abandonRun(run.id, error, deps, stage())
    if (deps.throwaway) throw stopped ? new BellwetherError('CANCELLED', 'It was stopped.', { cause: error }) : error
    const trials = await tracking.runs({ parentRunId: run.id }).catch(() => [])
    const short = run.id.slice(0, 8)
    if (stopped) {
      throw new BellwetherError(
        'CANCELLED',
        `The run ${short} was stopped; ${trials.length} finished trials are kept: --resume ${short} takes them up. No model version was made.`,
        { cause: error },
      )
    }
    const finished = trials.filter(({ status }) => status === 'FINISHED').length
    if (finished > 0 && !dataAreGone(error)) {
      const message = `The run ${short} failed; its ${finished} finished trials are kept: --resume ${short} takes them up.`
      onEvent({ type: 'warning', message })
    }
    throw error
  }
}

const dataAreGone = (error: unknown) => error instanceof BellwetherError && error.code === 'TRAINING_DATA_ERASED'

function paramsOf({ options, families, roles, scoring, train, test }: PreparedRun): Record<string, string> {
  return {
    target: roles.target,
    models: families.join(','),
    'search.method': options.search.method,
    'search.trials': String(options.search.trials),
    ...limitParams(options.search),
    'search.folds': String(options.search.folds),
    'search.scoring': scoring.name,
    'search.seed': String(options.search.seed),
    'split.test': String(options.split.test),
    'split.seed': String(options.split.seed),
    'rows.train': String(train.table.nRows),
    'rows.test': String(test.table.nRows),
  }
}

async function searchToVersion(prepared: PreparedRun, run: Run, deps: RunDeps, started: number): Promise<RunResult> {
  const { clock, onEvent, signal, tracking } = deps
  const { scoring, test, options } = prepared
  const search = await searchCandidates(prepared, run, deps)
  if (search.cancelled || signal?.aborted) throw new BellwetherError('CANCELLED', 'The search was stopped.')
  const best = search.best
  if (!best?.outOfFold) {
    throw new BellwetherError('SEARCH_ALL_FAILED', `No trial gave a model with a ${scoring.name}.`, {
      details: failures(search.trials, scoring.name).map((message) => ({ path: 'search', message })),
    })
  }

  onEvent({ type: 'stage', stage: 'refit' })
  const fits = new Map<string, { pipeline: FittedPipeline; predictions: Float64Array; seconds: number }>()
  const refit = async (trial: Pick<TrialResult, 'estimator' | 'params'>): Promise<FittedPipeline> => {
    await settle(signal)
    const features = prepared.features.get(estimator(trial.estimator).encoding)!
    return fitModelOn(features, trial.estimator, trial.params, options.search.seed, signal, fitThreads(deps.threads))
  }
  for (const trial of [
    ...search.bestByFamily.values(),
    ...(search.bestByFamily.has('baseline') ? [] : [{ estimator: 'baseline', params: {} }]),
  ]) {
    const from = clock()
    const pipeline = await refit(trial)
    fits.set(trial.estimator, { pipeline, predictions: pipeline.predict(test.table), seconds: (clock() - from) / 1000 })
  }
  const candidates = prepared.families.flatMap((name) => {
    const trial = search.bestByFamily.get(name)
    const fit = fits.get(name)
    const all = search.trials.filter((each) => each.estimator === name)
    if (!trial?.cv || !fit) return []
    return [
      {
        estimator: name,
        trials: all.length,
        failed: all.filter((each) => each.error).length,
        params: trial.params,
        cv: Object.fromEntries(Object.entries(trial.cv).map(([key, { mean }]) => [key, mean])),
        cvStd: Object.fromEntries(Object.entries(trial.cv).map(([key, { std }]) => [key, std])),
        test: scoreAll(test.target, fit.predictions),
        interval: scoringInterval(prepared, fit.predictions),
        figures: fit.pipeline.model.figures ?? {},
        seconds: all.reduce((sum, each) => sum + each.seconds, fit.seconds),
      } satisfies CandidateReport,
    ]
  })

  onEvent({ type: 'stage', stage: 'blend' })
  const fitTrial = async (trial: TrialResult) => {
    const known = search.bestByFamily.get(trial.estimator)?.index === trial.index ? fits.get(trial.estimator) : null
    return known?.pipeline ?? (await refit(trial))
  }
  const { pipeline, fitted, conformal, report } = await buildAnswer(prepared, search, fitTrial, signal)

  onEvent({ type: 'stage', stage: 'evaluate' })
  await settle(signal)
  const title = answeringTitle(pipeline)
  const winner = {
    estimator: report.members.length > 1 ? `blend of ${title}` : title,
    pipeline,
    predictions: pipeline.predict(test.table),
  }
  const ofModels = [...new Set(pipeline.members.flatMap(({ model }) => model.warnings ?? []))]
  const warnings = [...prepared.warnings, ...ofModels]
  for (const message of ofModels) onEvent({ type: 'warning', message })
  const evaluation = evaluateWinner({
    prepared,
    candidates,
    winner,
    baselinePredictions: fits.get('baseline')!.predictions,
    ...(signal ? { signal } : {}),
  })

  onEvent({ type: 'stage', stage: 'figures' })
  await settle(signal)
  await keepArtifact(run.id, 'evaluation.json', `${JSON.stringify(evaluation, null, 2)}\n`, 'application/json', deps)
  for (const { path, svg } of await deps.drawFigures(evaluation))
    await keepArtifact(run.id, path, svg, 'image/svg+xml', deps)

  onEvent({ type: 'stage', stage: 'register' })
  await settle(signal)
  const testMetrics = byMetric(evaluation, ({ winner: { value } }) => value)
  const baseline = byMetric(evaluation, (comparison) => comparison.baseline.value)
  const gates = judgeGates(options.gates, testMetrics, baseline)
  const cv = Object.fromEntries(Object.entries(best.cv!).map(([key, { mean }]) => [key, mean]))
  const now = clock()
  await tracking.logBatch(run.id, {
    ...(warnings.length > 0 ? { tags: { 'bellwether.warnings': warnings.join('\n') } } : {}),
    params: {
      'best.estimator': best.estimator,
      ...paramTexts(best.params, 'best.'),
      'answer.members': membersText(report.members),
      'answer.finalModel': options.ensemble.finalModel,
      'answer.calibration': report.calibration?.method ?? 'none',
      ...(report.decision ? { 'answer.decision': JSON.stringify(report.decision) } : {}),
    },
    metrics: [
      ...answerMetrics(report),
      ...candidates.flatMap(({ estimator: name, figures }) =>
        Object.entries(figures).map(([key, value]) => ({ key: `${name}.${key}`, value })),
      ),
      ...Object.entries(testMetrics).map(([key, value]) => ({ key: `test.${key}`, value })),
      ...Object.entries(cv).map(([key, value]) => ({ key: `cv.${key}`, value })),
      ...Object.entries(baseline).map(([key, value]) => ({ key: `baseline.${key}`, value })),
    ]
      .filter(({ value }) => Number.isFinite(value))
      .map((metric) => ({ ...metric, step: 0, timestamp: now })),
  })
  const version = await registerVersion(
    {
      prepared: { ...prepared, options: replayable(options, search) },
      runId: run.id,
      pipeline,
      fitted,
      testMetrics,
      gates,
      conformal,
    },
    deps,
  )
  onEvent({ type: 'registered', model: version.model, version: version.version, aliases: version.aliases })
  return {
    project: options.name,
    runId: run.id,
    dataset: { id: prepared.dataset.id, rows: prepared.dataset.nRows, rejected: prepared.dataset.nRejected },
    search: summaryOf(prepared, search, deps.earlier),
    candidates,
    best: {
      estimator: best.estimator,
      params: best.params,
      cv,
      ...report,
      weights: report.members.map(({ weight }) => weight),
    },
    test: testMetrics,
    intervals: Object.fromEntries(
      evaluation.comparison.map(({ metric, winner: { low, high } }) => [metric, [low, high] as const]),
    ),
    baseline,
    model: { name: version.model, version: version.version, aliases: version.aliases },
    gates,
    warnings,
    seconds: Math.round(clock() - started) / 1000,
  }
}

/** Of out-of-fold predictions: what the blend, the calibrators and the weights of the classes gained. */
function answerMetrics({ blend, calibration, labels }: AnswerReport): { key: string; value: number }[] {
  return [
    ...(blend
      ? [
          { key: `blend.${blend.metric}`, value: blend.blend },
          { key: `single.${blend.metric}`, value: blend.single },
        ]
      : []),
    ...(calibration
      ? [
          { key: 'uncalibrated.log_loss', value: calibration.logLoss.before },
          { key: 'calibrated.log_loss', value: calibration.logLoss.after },
          ...Object.entries(calibration.compared)
            .filter(([method]) => method !== 'none')
            .map(([method, value]) => ({ key: `${method}.log_loss`, value })),
        ]
      : []),
    ...(labels
      ? [
          { key: `mostProbable.${labels.metric}`, value: labels.mostProbable },
          { key: `decided.${labels.metric}`, value: labels.decided },
        ]
      : []),
  ]
}

function byMetric(
  evaluation: Evaluation,
  value: (comparison: Evaluation['comparison'][number]) => number,
): Record<string, number> {
  return Object.fromEntries(evaluation.comparison.map((comparison) => [comparison.metric, value(comparison)]))
}

function failures(trials: readonly TrialResult[], metric: string): string[] {
  const reasons = trials.map(({ estimator, error }) => {
    return `${estimator}: ${error ?? `its ${metric} is no finite number; the numbers may be too large to be squared and added`}`
  })
  return [...new Set(reasons)].slice(0, 5)
}
