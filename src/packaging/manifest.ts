import { z } from 'zod'
import type { LeafFormat } from '../learn/tree/leaf-format.ts'

/** Version of the package's format; a reader refuses a newer one. Version 1 held one model, uncalibrated. */
export const FORMAT_VERSION = 2

/** Of packages that hold a clustering: what reads version 2 alone refuses them by their number. */
export const CLUSTERING_FORMAT_VERSION = 3

/** Names of the files that every package has. */
export const MANIFEST_FILE = 'manifest.json'
export const SIGNATURE_FILE = 'signature.json'
export const MODEL_FILE = 'model.json'
export const PROFILE_FILE = 'profile.json'

/** As learn/ lists them; a server that only looks at packages loads nothing of it. */
const LEAF_FORMATS = ['float32', 'float16', 'int8'] as const satisfies readonly LeafFormat[]

const Hash = z.string().regex(/^sha256:[0-9a-f]{64}$/)
const Count = z.int().nonnegative()

export const ConformalManifest = z.union([
  z.object({
    task: z.literal('classification'),
    method: z.literal('class-conditional'),
    alpha: z.number(),
    nRows: z.array(Count).describe('Rows of each class.'),
    thresholds: z.array(z.number()).describe('A class is in the set when 1 - its probability is at most its own.'),
  }),
  z.object({
    task: z.literal('classification'),
    method: z.literal('adaptive'),
    alpha: z.number(),
    nRows: Count,
    threshold: z.number().describe('A class is in the set when the probabilities down to it add up to at most this.'),
  }),
  z.object({
    task: z.literal('classification'),
    alpha: z.number(),
    nRows: Count,
    threshold: z.number().describe('A class is in the set when 1 - its probability is at most this.'),
  }),
  z.object({
    task: z.literal('regression'),
    method: z.enum(['cvPlus', 'quantile']).describe('Bounded by models of their own, which are with the model.'),
    alpha: z.number(),
    nRows: Count,
  }),
  z.object({
    task: z.literal('regression'),
    alpha: z.number(),
    nRows: Count,
    halfWidth: z.number().nullable().describe('The interval is the value plus and minus this; null without a promise.'),
  }),
])

/** What a model version is and what made it. Holds no clock of its own: the same inputs make the same bytes. */
export const ModelManifest = z.object({
  formatVersion: z.literal([1, FORMAT_VERSION, CLUSTERING_FORMAT_VERSION]),
  bellwetherVersion: z.string(),
  name: z.string(),
  createdTime: z
    .int()
    .optional()
    .describe('Milliseconds since 1970 UTC; left out, so that equal models are equal files.'),
  task: z.enum(['classification', 'regression', 'clustering']),
  estimator: z.string().describe('Of a blend, that of the member of the largest weight.'),
  params: z.record(z.string(), z.json()).describe('Options of that estimator.'),
  members: z
    .array(
      z.object({
        estimator: z.string(),
        params: z.record(z.string(), z.json()),
        weight: z.number().positive(),
        fold: Count.optional().describe('Whose training rows it learnt from; left out where from all.'),
      }),
    )
    .optional()
    .describe('What the answer is blended of; left out for one model (always in format 1).'),
  calibration: z
    .object({ method: z.enum(['temperature', 'platt', 'isotonic']) })
    .optional()
    .describe('How probabilities are calibrated; left out where they are as the model says them.'),
  decision: z
    .array(z.number().positive())
    .optional()
    .describe(
      'Weight of each class: the label is the class of the largest weight x probability; left out where all weigh the same.',
    ),
  distilledFrom: z
    .object({
      model: z.string(),
      version: Count,
      manifest: Hash.describe(
        "Of the teacher's manifest, which names its other files: one other byte is another teacher.",
      ),
      leaves: z.enum(LEAF_FORMATS).nullable().describe("How the trees' leaves were rounded; null where they were not."),
    })
    .optional()
    .describe('Whose answers the model learnt in the place of the truth; left out where it learnt the truth.'),
  seed: z.int(),
  dataset: z.object({ id: Hash, rows: Count }),
  rows: z.object({ train: Count, test: Count }).describe('How many rows the model learnt from, and was tested on.'),
  code: z
    .object({ commit: z.string(), dirty: z.boolean() })
    .nullable()
    .describe("Git commit of the project's folder; null where it is in no repository."),
  dependencies: z.record(z.string(), z.string()).describe('Exact versions of the packages that the program runs on.'),
  node: z.string(),
  metrics: z
    .record(z.string(), z.number().nullable())
    .describe('On the test rows, of a clustering on all rows; null where a metric has no finite value.'),
  gates: z.array(z.record(z.string(), z.json())).describe('What each gate said.'),
  conformal: ConformalManifest.nullable(),
  project: z.record(z.string(), z.json()).describe("The project's options, with the defaults."),
  licence: z.string(),
  intendedUse: z.string(),
  notes: z.array(z.string()).describe('Said of the data wherever the model shows.'),
  files: z
    .array(z.object({ path: z.string().min(1), hash: Hash, sizeBytes: Count }))
    .describe('Every other file of the package, in the order of their names.'),
})
export type ModelManifest = z.output<typeof ModelManifest>
