import { z } from 'zod'

const column = z.object({ kind: z.string(), dataType: z.string() })

/** What lies between two tables: counts and statistics, never rows. */
export const TableDiffAnswer = z.object({
  schema: z.object({
    added: z.array(z.string()),
    removed: z.array(z.string()),
    changed: z.array(z.object({ name: z.string(), from: column, to: column })),
  }),
  rows: z.object({
    id: z.string().nullable(),
    before: z.int(),
    after: z.int(),
    added: z.int(),
    removed: z.int(),
    changed: z.int().nullable(),
    unchanged: z.int(),
  }),
  columns: z.array(
    z.object({
      name: z.string(),
      changed: z.int().nullable(),
      missingBefore: z.int(),
      missingAfter: z.int(),
      psi: z.number().nullable().describe('Population stability index over bins of the earlier version.'),
      jensenShannon: z.number().nullable().describe('Distance, natural logarithm.'),
    }),
  ),
})

const fileSize = z.object({ path: z.string(), sizeBytes: z.int() })

/** What lies between two versions of files. */
export const FilesDiffAnswer = z.object({
  added: z.array(fileSize),
  removed: z.array(fileSize),
  changed: z.array(z.object({ path: z.string(), sizeBefore: z.int(), sizeAfter: z.int() })),
  unchanged: z.int(),
})
