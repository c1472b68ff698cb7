import { z } from 'zod'

/** How a value is written in JSON: `integer` and `float` as numbers, `date` as an ISO 8601 text. */
export const DataType = z.enum(['integer', 'float', 'string', 'boolean', 'date'])
export type DataType = z.output<typeof DataType>

/** What the project file declares of a column; enforced wherever a row comes in. */
export const DeclaredConstraints = z.strictObject({
  min: z.number().optional().describe('Smallest value allowed.'),
  max: z.number().optional().describe('Largest value allowed.'),
  categories: z.array(z.string()).optional().describe('The only values allowed, as text.'),
  required: z.boolean().default(false).describe('A missing value is refused.'),
  dataType: DataType.optional().describe('Type that the project file asks for; an inferred one is not enforced.'),
})
export type DeclaredConstraints = z.output<typeof DeclaredConstraints>

/** What the training data showed; documentation, examples and warnings, never a reason to refuse. */
export const ObservedFacts = z.object({
  missing: z.int().nonnegative(),
  distinct: z.int().nonnegative(),
  min: z.number().nullable().describe('Smallest value; for dates in milliseconds; null for categories and text.'),
  max: z.number().nullable(),
  categories: z.array(z.string()).describe('Categories seen, in the order of their codes; empty for other kinds.'),
})
export type ObservedFacts = z.output<typeof ObservedFacts>

/** One column: its kind, how it is written, what is declared of it, what was seen. */
export const ColumnSchema = z.object({
  name: z.string(),
  kind: z.enum(['number', 'category', 'date', 'text']),
  dataType: DataType,
  declared: DeclaredConstraints,
  observed: ObservedFacts,
  labels: z.record(z.string(), z.string()).optional().describe('Meaning of category codes, for people: code -> text.'),
  dateFormat: z
    .string()
    .optional()
    .describe('How files write the date, as `dd/MM/yyyy`; ISO 8601 where left out. JSON is always ISO 8601.'),
  unit: z.string().optional(),
  description: z.string().optional(),
})
export type ColumnSchema = z.output<typeof ColumnSchema>

/** The columns of a table in their order. */
export const TableSchema = z.object({ columns: z.array(ColumnSchema) })
export type TableSchema = z.output<typeof TableSchema>
