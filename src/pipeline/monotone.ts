import type { DataOptions } from '../data/data-options.ts'
import { BellwetherError } from '../errors.ts'
import { columnOfType, compileExpression } from '../features/expression/evaluate.ts'
import type { ExpressionColumn } from '../features/expression/types.ts'
import type { FeatureOptions } from '../features/feature-options.ts'
import { estimator, estimators } from '../learn/estimators.ts'
import type { Directions } from '../learn/fitted-pipeline.ts'
import type { TableSchema } from '../table/schema.ts'
import type { Target } from '../table/target.ts'
import type { Roles } from './roles.ts'

/** What `data.columns.X.monotone` asks for, of the columns that the table has: 1 for increasing, -1 for decreasing. */
export function directionsOf({ columns }: Pick<DataOptions, 'columns'>, schema: TableSchema): Directions {
  return Object.fromEntries(
    schema.columns.flatMap(({ name }): [string, 1 | -1][] => {
      const monotone = columns[name]?.monotone
      return monotone ? [[name, monotone === 'increasing' ? 1 : -1]] : []
    }),
  )
}

export interface DirectedRun {
  readonly schema: TableSchema
  readonly roles: Roles
  readonly target: Target
  /** The kinds of model that compete. */
  readonly families: readonly string[]
  readonly features: FeatureOptions
}

/**
 * Refuses directions that no model could keep to.
 * @returns Warnings, in sentences: which models do not keep to them, and which derived columns get round them.
 * @throws PROJECT_INVALID for a column that is a category, a date or a text or no feature, and for three classes or more
 */
export function checkDirections(directions: Directions, run: DirectedRun): readonly string[] {
  const names = Object.keys(directions)
  if (names.length === 0) return []
  for (const name of names) checkColumn(name, run)
  return [...otherModels(run.families), ...derivedFrom(names, run)]
}

function checkColumn(name: string, { schema, roles, target, features }: DirectedRun): void {
  const refuse = (message: string): never => {
    const path = `data.columns.${name}.monotone`
    throw new BellwetherError('PROJECT_INVALID', `${path}: ${message}.`, { details: [{ path, message }] })
  }
  if (target.task === 'classification' && target.classes.length > 2)
    refuse(`an answer can rise with a column for numbers and for two classes; the target has ${target.classes.length}`)
  const kind = schema.columns.find((each) => each.name === name)?.kind
  if (kind !== 'number') refuse(`is for numbers, and the column is a ${kind}, however it is encoded`)
  if (!roles.inputs.includes(name)) refuse('the column is no feature: it is the target, an identifier, or barred')
  if (features.drop.includes(name)) refuse('the column is no feature: features.drop leaves it out')
}

function otherModels(families: readonly string[]): string[] {
  // The baseline answers everyone alike.
  const others = families.filter((name) => name !== 'baseline' && !estimator(name).monotone)
  if (others.length === 0) return []
  const able = [...estimators.values()].filter(({ monotone }) => monotone).map(({ name }) => name)
  return [
    `monotone: ${others.join(', ')} can't keep to a direction, and neither does a blend with them; models: [${able.join(', ')}] does.`,
  ]
}

function derivedFrom(names: readonly string[], { schema, roles, features }: DirectedRun): string[] {
  const known: ExpressionColumn[] = schema.columns.filter(({ name }) => roles.inputs.includes(name))
  const barred = schema.columns.map(({ name }) => name).filter((name) => !roles.inputs.includes(name))
  const moved = new Set(names)
  const round: string[] = []
  for (const [name, text] of Object.entries(features.derived)) {
    const expression = compileExpression(text, { columns: known, barred }, `features.derived.${name}`)
    known.push(columnOfType(name, expression.type))
    if (!expression.columns.some((each) => moved.has(each))) continue
    moved.add(name)
    if (!features.drop.includes(name)) round.push(`"${name}"`)
  }
  if (round.length === 0) return []
  return [
    `monotone: ${round.join(', ')} ${round.length > 1 ? 'are' : 'is'} derived from such a column and has no direction: through it answers may move the other way.`,
  ]
}
