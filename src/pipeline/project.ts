import { z } from 'zod'
import { DataOptions } from '../data/data-options.ts'
import { FeatureOptions } from '../features/feature-options.ts'
import { clusterers } from '../learn/cluster/clusterers.ts'
import { GaussianMixtureOptions } from '../learn/cluster/gaussian-mixture.ts'
import { KMeansOptions } from '../learn/cluster/k-means.ts'
import { estimators } from '../learn/estimators.ts'
import { Distribution } from '../learn/search-space.ts'
import type { SupervisedTask } from '../table/target.ts'
import { OpenLineageOptions } from './open-lineage/open-lineage-options.ts'
import { ServingOptions } from './serving-options.ts'

/** Names of projects and models: what a URL, a folder and MLflow's clients all take. */
const NAME = /^[a-z0-9][a-z0-9._-]{0,99}$/

export const SplitOptions = z.strictObject({
  test: z.number().gt(0).lt(1).default(0.2).describe('Share of the rows that is kept for the test.'),
  stratify: z.boolean().default(true).describe('Keep the shares of the classes in both parts.'),
  seed: z
    .int()
    .min(0)
    .max(4294967295)
    .default(42)
    .describe("Seeds the split; the rows are those of scikit-learn's train_test_split with this random_state."),
})
export type SplitOptions = z.output<typeof SplitOptions>

export const SearchOptions = z.strictObject({
  trials: z
    .int()
    .min(1)
    .max(10_000)
    .default(20)
    .describe('Combinations of options that are tried for each kind of model.'),
  method: z
    .enum(['randomised', 'halving', 'tpe'])
    .default('randomised')
    .describe(
      'Draw all combinations; give the better third of them three times as much to learn from, again and again; or learn from what was tried where to try next.',
    ),
  halving: z
    .strictObject({
      factor: z
        .int()
        .min(2)
        .max(10)
        .default(3)
        .describe('One in so many candidates goes on, with so many times as much.'),
      resource: z
        .enum(['rows', 'rounds'])
        .default('rows')
        .describe('What candidates get more of: training rows, or rounds and trees where a kind of model has them.'),
    })
    .prefault({})
    .describe('Of method halving.'),
  tpe: z
    .strictObject({
      startup: z
        .int()
        .min(1)
        .max(10_000)
        .default(10)
        .describe('Trials of each kind that are drawn before any is suggested.'),
      batch: z.int().min(1).max(1000).default(4).describe('Trials of each kind that are suggested at a time.'),
      candidates: z.int().min(1).max(10_000).default(24).describe('Values that are compared for each option.'),
    })
    .prefault({})
    .describe('Of method tpe.'),
  timeBudgetSeconds: z
    .number()
    .positive()
    .max(31_536_000)
    .optional()
    .describe('No trial begins later than this; the run records how many were done, and `trialsDone` repeats that.'),
  trialsDone: z
    .int()
    .min(1)
    .max(1_000_000)
    .optional()
    .describe(
      'End the search after so many trials of all kinds together, in the order of the plan: repeats a run that a time budget cut short.',
    ),
  folds: z.int().min(2).max(100).default(5).describe('Folds of the cross-validation; stratified for classes.'),
  scoring: z.string().optional().describe('Metric that decides; f1_macro for classes, rmse for numbers.'),
  seed: z
    .int()
    .min(0)
    .max(4294967295)
    .default(42)
    .describe('Seeds folds, draws and fits; equal seeds give equal models.'),
  spaces: z
    .partialRecord(z.enum(estimatorNames()), z.record(z.string(), Distribution))
    .default({})
    .describe(
      'Kind of model -> option -> distribution, over the built-in space; then every trial of that kind is drawn, and its defaults are not tried first.',
    ),
})
export type SearchOptions = z.output<typeof SearchOptions>

/** How the models that a search found are put together into one that answers. */
export const EnsembleOptions = z.strictObject({
  method: z
    .enum(['auto', 'none', 'greedy', 'stacking'])
    .default('auto')
    .describe(
      'auto blends greedily, unless on rows that neither has seen the best single model is better, or is linear and as good as can be told; then that model answers; none: always the best single model; greedy and stacking: always a blend.',
    ),
  maxMembers: z.int().min(1).max(50).default(6).describe('Most models in a blend.'),
  finalModel: z
    .enum(['refit', 'foldBagging'])
    .default('refit')
    .describe(
      'refit: what was chosen is fitted again on all training rows; foldBagging: the mean of its models of the folds answers, each fitted on its part of the rows, at `search.folds` times the size and the cost of an answer.',
    ),
})
export type EnsembleOptions = z.output<typeof EnsembleOptions>

export const CalibrationOptions = z.strictObject({
  method: z
    .enum(['auto', 'none', 'temperature', 'platt', 'isotonic'])
    .default('auto')
    .describe(
      'How probabilities are made to come true as often as they say, out of fold; auto takes what has the least log loss.',
    ),
})

export const DecisionOptions = z.strictObject({
  method: z
    .enum(['auto', 'most-probable'])
    .default('auto')
    .describe(
      'auto: where search.scoring is about labels, such as f1_macro, the label is the class of the largest weight x probability, the weights learnt out of fold; else, and with most-probable, it is the most probable class.',
    ),
})

export const ConformalOptions = z.strictObject({
  method: z
    .enum(['split', 'classConditional', 'adaptive', 'cvPlus', 'quantile'])
    .default('split')
    .describe(
      'Sets of labels that hold the truth with a promised probability: over all rows (split), of each class by itself, or with more labels for harder rows. Intervals of numbers: of one width (split), by the models of the folds (cvPlus), or wide where the target scatters (quantile).',
    ),
  alpha: z.number().gt(0).lt(1).default(0.1).describe('Share of the answers that may miss the truth.'),
})

/** Which of them are for sets, and which for intervals. */
const CONFORMAL_TASKS: Readonly<Record<z.output<typeof ConformalOptions>['method'], readonly string[]>> = {
  split: ['classification', 'regression', 'clustering'],
  classConditional: ['classification'],
  adaptive: ['classification'],
  cvPlus: ['regression'],
  quantile: ['regression'],
}

/** Of clustering: how many clusters there are, and by what that is decided. */
export const ClusterOptions = z.strictObject({
  from: z.int().min(1).max(10_000).default(2).describe('Fewest clusters that are tried.'),
  to: z.int().min(1).max(10_000).default(8).describe('Most clusters that are tried.'),
  by: z
    .enum(['silhouette', 'bic', 'aic'])
    .default('silhouette')
    .describe(
      'What decides: how far clusters lie apart, or a criterion of densities (gaussian-mixture alone has those).',
    ),
  sampleRows: z
    .int()
    .min(10)
    .max(1_000_000)
    .default(5000)
    .describe('Rows that a silhouette is taken over where there are more; the cost grows with the square.'),
  options: z
    .strictObject({
      'k-means': KMeansOptions.omit({ nClusters: true }).optional().describe('Options of k-means.'),
      'gaussian-mixture': GaussianMixtureOptions.omit({ nClusters: true })
        .optional()
        .describe('Options of Gaussian mixtures, such as the shape of their clusters.'),
    })
    .default({})
    .describe('Kind of model -> its options, but for the number of clusters; `search.seed` seeds the starts.'),
})
export type ClusterOptions = z.output<typeof ClusterOptions>

/** The options that the project sets for a clusterer; none where it sets none. */
export function clustererOptions({ options }: ClusterOptions, name: string): Readonly<Record<string, unknown>> {
  return Object.hasOwn(options, name) ? (options[name as keyof ClusterOptions['options']] ?? {}) : {}
}

/** What a version must show on the test rows before it becomes champion. */
export const Gate = z
  .strictObject({
    metric: z.string().describe('Name of a metric, as in the results.'),
    min: z.number().optional().describe('Smallest value that passes.'),
    max: z.number().optional().describe('Largest value that passes.'),
    betterThan: z.enum(['baseline']).optional().describe('Pass only when better than the baseline on the same rows.'),
  })
  .refine((gate) => gate.min !== undefined || gate.max !== undefined || gate.betterThan !== undefined, {
    message: 'a gate needs min, max or betterThan',
  })
export type Gate = z.output<typeof Gate>

/** The project file, `bellwether.yaml`. Type, checks, defaults, JSON Schema and docs come from here. */
export const ProjectOptions = z
  .strictObject({
    name: z
      .string()
      .regex(NAME, 'lower-case letters, digits, dots, dashes and underscores, at most 100')
      .describe('Name of the project and of its model.'),
    task: z
      .enum(['classification', 'regression', 'clustering'])
      .describe(
        'Predict one of several classes, or a number; or find groups of rows that are alike, without a target.',
      ),
    description: z.string().default('').describe('What the model is for; goes into its package.'),
    licence: z.string().default('').describe('Licence of the data and the model; goes into its package.'),
    sourceNotes: z
      .array(z.string())
      .default([])
      .describe('Said wherever a model trained on data.source shows, such as "synthetic data"; not of --data.'),
    data: DataOptions.describe('Where the table comes from and what its columns mean.'),
    features: FeatureOptions.prefault({}).describe('How columns become numbers.'),
    split: SplitOptions.prefault({}).describe('Which rows are kept for the test.'),
    models: z
      .array(z.enum([...estimatorNames(), ...clusterers.keys()]))
      .min(1)
      .optional()
      .describe(
        'Kinds of model that compete; by default the baseline, a linear model, a random forest and gradient boosting; of clustering k-means.',
      ),
    clusters: ClusterOptions.prefault({}).describe('Of clustering: how many clusters.'),
    search: SearchOptions.prefault({}).describe('How options are chosen for each kind of model.'),
    ensemble: EnsembleOptions.prefault({}).describe('Which of the models that the search found answer together.'),
    calibration: CalibrationOptions.prefault({}).describe('How probabilities are calibrated; classification only.'),
    decision: DecisionOptions.prefault({}).describe('How a label is taken from probabilities; classification only.'),
    conformal: ConformalOptions.prefault({}).describe('The promise that sets of labels and intervals make.'),
    gates: z
      .array(Gate)
      .default([])
      .describe('What a version must show before it becomes champion; each sets `min`, `max` or `betterThan`.'),
    serving: ServingOptions.prefault({}).describe('How the model is served.'),
    lineage: z
      .strictObject({
        openLineage: OpenLineageOptions.optional().describe('Tell runs as OpenLineage events.'),
      })
      .optional()
      .describe('Who else is told of runs.'),
    monitoring: z.strictObject({}).prefault({}).describe('Monitoring; no options yet.'),
    retraining: z.strictObject({}).prefault({}).describe('Retraining; no options yet.'),
  })
  .superRefine(({ task, conformal: { method, alpha } }, context) => {
    const fail = (key: string, message: string) =>
      context.addIssue({ code: 'custom', path: ['conformal', key], message })
    const tasks = CONFORMAL_TASKS[method]
    if (!tasks.includes(task)) fail('method', `"${method}" is for ${tasks.join(' and ')}; the task is ${task}`)
    if (method === 'cvPlus' && alpha >= 0.5) fail('alpha', 'of cvPlus is below 0.5: beyond that its bounds could cross')
  })
  .superRefine(({ task, data: { target } }, context) => {
    if ((task === 'clustering') === (target === null)) return
    const message = target === null ? 'expected string, received undefined' : 'clustering has no target; leave it out'
    context.addIssue({ code: 'custom', path: ['data', 'target'], message })
  })
export type ProjectOptions = z.output<typeof ProjectOptions>

/** Options of a project that predicts something. */
export type SupervisedOptions = ProjectOptions & {
  readonly task: SupervisedTask
  readonly data: ProjectOptions['data'] & { readonly target: string }
}

export function isSupervised(options: ProjectOptions): options is SupervisedOptions {
  return options.task !== 'clustering' && options.data.target !== null
}

/** The JSON Schema that editors complete the project file from. */
export function projectJsonSchema(): Record<string, unknown> {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Bellwether project file',
    ...z.toJSONSchema(ProjectOptions, {
      io: 'input',
      unrepresentable: 'any',
      // Zod's whole numbers end where a float64 stops telling them apart; as a bound that says nothing.
      override: ({ jsonSchema }) => {
        if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum
      },
    }),
  }
}

function estimatorNames(): [string, ...string[]] {
  return [...estimators.keys()] as [string, ...string[]]
}
