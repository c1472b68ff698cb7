import type { DataOptions } from '../data/data-options.ts'
import { BellwetherError } from '../errors.ts'
import { type CompiledExpression, compileExpression } from '../features/expression/evaluate.ts'
import { parse } from '../features/expression/parse.ts'
import { nearest } from '../table/nearest.ts'
import type { TableSchema } from '../table/schema.ts'

/** Which column of a table does what. */
export interface Roles {
  /** Name of what is predicted: the column's, or the expression as written. */
  readonly target: string
  /** null where the target is a column as it is. */
  readonly expression: CompiledExpression | null
  /** Columns that the target is made from; never features. */
  readonly targetColumns: readonly string[]
  /** Columns that may become features, in the table's order. */
  readonly inputs: readonly string[]
  /** Columns that are known and never features: target, id, time, sensitive. A request may carry them; they are not read. */
  readonly barred: readonly string[]
}

/** Whether a text reads as an expression and not as the name of a column alone. */
export function isExpression(text: string): boolean {
  try {
    const syntax = parse(text, () => {
      throw new SyntaxError(text)
    })
    return syntax.node !== 'column'
  } catch {
    return false
  }
}

/** @throws COLUMN_NOT_FOUND, EXPRESSION_INVALID, PROJECT_INVALID */
export function resolveRoles(
  schema: TableSchema,
  data: Pick<DataOptions, 'id' | 'time' | 'sensitive'> & { readonly target: string },
): Roles {
  const require = requireIn(schema)
  const expression =
    schema.columns.some(({ name }) => name === data.target) || !isExpression(data.target)
      ? null
      : compileExpression(data.target, schema, 'data.target')
  const targetColumns = expression ? expression.columns : [require(data.target, 'data.target')]
  if (data.id && targetColumns.includes(data.id)) {
    const message = `"${data.id}" is the target as well; a column that names a person cannot be what is predicted`
    throw new BellwetherError('PROJECT_INVALID', `data.id: ${message}.`, { details: [{ path: 'data.id', message }] })
  }
  return { target: data.target, expression, targetColumns, ...resolveInputs(schema, data, targetColumns) }
}

/**
 * Which columns may become features where there is no target, or beside one.
 * @throws COLUMN_NOT_FOUND, PROJECT_INVALID
 */
export function resolveInputs(
  schema: TableSchema,
  data: Pick<DataOptions, 'id' | 'time' | 'sensitive'>,
  targetColumns: readonly string[] = [],
): Pick<Roles, 'inputs' | 'barred'> {
  const require = requireIn(schema)
  const names = schema.columns.map((column) => column.name)
  const barred = new Set(targetColumns)
  if (data.id) barred.add(require(data.id, 'data.id'))
  if (data.time) barred.add(require(data.time, 'data.time'))
  // `loadDataset` has refused a sensitive column that the file lacks: a typo there would make it a feature.
  for (const name of data.sensitive) if (names.includes(name)) barred.add(name)
  const inputs = names.filter((name) => !barred.has(name))
  if (inputs.length === 0)
    throw new BellwetherError(
      'PROJECT_INVALID',
      'No column is left to learn from: all are target, id, time or sensitive.',
    )
  if (inputs.includes('__proto__')) {
    const message = 'a column "__proto__" cannot be a feature, because no JSON request may carry that name'
    throw new BellwetherError('PROJECT_INVALID', `data.columns: ${message}.`, {
      details: [{ path: 'data.columns.__proto__', message }],
      hint: 'Give it another name in the file, or with `data.read.names`.',
    })
  }
  return { inputs, barred: names.filter((name) => barred.has(name)) }
}

/** Gives a name back where the table has such a column. */
function requireIn(schema: TableSchema): (name: string, role: string) => string {
  const names = schema.columns.map((column) => column.name)
  const known = new Set(names)
  return (name, role) => {
    if (known.has(name)) return name
    const near = nearest(name, names)
    throw new BellwetherError(
      'COLUMN_NOT_FOUND',
      `The table has no column "${name}", which the project names as its ${role}.`,
      {
        details: [
          {
            path: role,
            message: near ? `did you mean "${near}"?` : `the columns are: ${names.slice(0, 50).join(', ')}`,
          },
        ],
      },
    )
  }
}
