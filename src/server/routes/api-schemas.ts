import { z } from 'zod'
import { ERRORS, type ErrorCode } from '../../errors.ts'
import { TrafficPlan } from '../../track/traffic-plan.ts'

/** Schemas of answers: they document the API; the values come typed from the stores and are not checked again. */

export const ErrorAnswer = z
  .object({
    error: z.enum(Object.keys(ERRORS) as [ErrorCode, ...ErrorCode[]]),
    message: z.string(),
    hint: z.string().describe('What to do about it.'),
    details: z.array(z.object({ path: z.string(), message: z.string() })).describe('Every place at fault.'),
  })
  .describe('Every error, on every path.')

const time = z.number().describe('Milliseconds since 1970-01-01 UTC.')
const hash = z.string().describe('sha256:<hex>')

export const RegisteredModelAnswer = z.object({
  name: z.string(),
  createdTime: time,
  latestVersion: z.int(),
  aliases: z.record(z.string(), z.int()).describe('alias -> version'),
  traffic: TrafficPlan.optional().describe('Who answers its requests; left out where nothing was said.'),
})

export const ModelVersionAnswer = z.object({
  model: z.string(),
  version: z.int(),
  runId: z.string(),
  datasetId: z.string(),
  estimator: z.string(),
  files: z.array(z.object({ path: z.string(), hash, sizeBytes: z.int() })),
  metrics: z.record(z.string(), z.number()).describe('On the test rows.'),
  aliases: z.array(z.string()),
  createdTime: time,
  source: z
    .string()
    .nullable()
    .describe('Where an MLflow client says that the model is; null for a version of our own.'),
})

export const ChampionAnswer = ModelVersionAnswer.extend({
  notes: z.array(z.string()).describe('What a reader of its answers must know, such as "trained on synthetic data".'),
})

export const LedgerEntryAnswer = z.object({
  sequence: z.int(),
  time,
  actor: z.string(),
  action: z.enum([
    'version-created',
    'alias-set',
    'rollback',
    'alias-removed',
    'stage-set',
    'version-deleted',
    'model-deleted',
    'model-renamed',
    'person-erased',
    'person-readmitted',
    'data-expired',
    'traffic-set',
    'traffic-removed',
  ]),
  model: z.string(),
  alias: z.string().nullable(),
  from: z.int().nullable(),
  to: z.int().nullable(),
  reason: z.string(),
  gates: z
    .array(z.object({ metric: z.string(), value: z.number().nullable(), expected: z.string(), passed: z.boolean() }))
    .optional()
    .describe('What the gates said of the version that was made.'),
  traffic: z
    .object({ from: TrafficPlan.nullable(), to: TrafficPlan.nullable() })
    .optional()
    .describe('How the plan of traffic changed.'),
  previousHash: z.string(),
  hash: z.string(),
})

export const RunAnswer = z.object({
  id: z.string(),
  experimentId: z.string(),
  name: z.string(),
  status: z.enum(['RUNNING', 'SCHEDULED', 'FINISHED', 'FAILED', 'KILLED']),
  startTime: time,
  endTime: time.nullable(),
  parentRunId: z.string().nullable(),
  tags: z.record(z.string(), z.string()),
  params: z.record(z.string(), z.string()),
  metrics: z.record(z.string(), z.number().nullable()),
})

export const RunDetailAnswer = RunAnswer.extend({
  artifacts: z.array(z.object({ path: z.string(), hash, sizeBytes: z.int(), mediaType: z.string() })),
  datasets: z.array(z.object({ id: z.string(), context: z.enum(['training', 'validation', 'test', 'monitoring']) })),
})

export const DatasetSummaryAnswer = z.object({
  id: hash,
  name: z.string(),
  nRows: z.int(),
  nRejected: z.int(),
  nColumns: z.int(),
  files: z
    .object({ nFiles: z.int(), sizeBytes: z.int() })
    .optional()
    .describe('Of a version of files, which has no rows and no columns; left out for a table.'),
  source: z.string(),
  createdTime: time,
  erased: z
    .object({ time, successor: z.string().nullable() })
    .optional()
    .describe('Its rows were destroyed; where a person was taken out, the successor has the others.'),
})

/** The errors that a route may answer besides those of every route. */
export function errorAnswers(...codes: readonly ErrorCode[]): Record<number, typeof ErrorAnswer> {
  return Object.fromEntries(
    [...codes, 'HOST_NOT_ALLOWED' as const, 'INTERNAL' as const].map((code) => [ERRORS[code].status, ErrorAnswer]),
  )
}
