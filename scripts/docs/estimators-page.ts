import { z } from 'zod'
import type { ClustererDefinition } from '../../src/learn/cluster/clusterer.ts'
import { clusterers } from '../../src/learn/cluster/clusterers.ts'
import type { EstimatorDefinition } from '../../src/learn/estimator.ts'
import { defaultModels, estimators } from '../../src/learn/estimators.ts'
import type { Distribution, SearchSpace } from '../../src/learn/search-space.ts'
import type { SupervisedTask } from '../../src/table/target.ts'
import { type JsonSchema, literal, typeInWords } from './json-schema.ts'
import { code, markdownTable, pageHead } from './markdown.ts'

/** A table as most are, and a small one: some distributions are narrower there. */
const USUAL = { nRows: 10_000, nColumns: 30 }
const SMALL = { nRows: 100, nColumns: 30 }

/** `docs/estimators.md`: the options of each kind of model and what the search draws them from. */
export function estimatorsPage(): string {
  return [
    pageHead('Kinds of model', 'src/learn'),
    'The names in `models:` of the project file. Where it names none, these compete:\n',
    `- classification: ${defaultModels('classification').map(code).join(', ')}`,
    `- regression: ${defaultModels('regression').map(code).join(', ')}\n`,
    'The search draws `search.trials` combinations for each kind, options without a distribution keep their default, and every combination is scored on the',
    'same folds. With the library (`bellwether/learn`) any option can be set.\n',
    ...[...estimators.values()].map(section),
    ...[...clusterers.values()].map(clustererSection),
  ].join('\n')
}

function section(definition: EstimatorDefinition): string {
  const { properties = {} } = z.toJSONSchema(definition.options, { io: 'input' }) as JsonSchema
  const spaces = definition.tasks.map((task) => [task, definition.searchSpace({ ...USUAL, task })] as const)
  const options = Object.entries(properties).map(([name, schema]) => [
    code(name),
    typeInWords(schema),
    schema.default === undefined ? '' : code(literal(schema.default)),
    schema.description ?? '',
    searchCell(name, definition, spaces),
  ])
  return [
    `## ${definition.title}: ${code(definition.name)}\n`,
    `For ${definition.tasks.join(' and ')}. Takes the columns encoded for ${definition.encoding === 'linear' ? 'linear models' : 'trees'} ([features.md](features.md#what-auto-means)).\n`,
    options.length
      ? markdownTable(['option', 'type', 'default', 'meaning', 'the search draws'], options)
      : 'It has no options: there is one trial.',
    '',
  ].join('\n')
}

function clustererSection(definition: ClustererDefinition): string {
  const { properties = {} } = z.toJSONSchema(definition.options, { io: 'input' }) as JsonSchema
  const options = Object.entries(properties).map(([name, schema]) => [
    code(name),
    typeInWords(schema),
    schema.default === undefined ? '' : code(literal(schema.default)),
    schema.description ?? '',
  ])
  return [
    `## ${definition.title}: ${code(definition.name)}\n`,
    'Clusters rows without a target; with the library alone ([clustering.md](clustering.md)).\n',
    markdownTable(['option', 'type', 'default', 'meaning'], options),
    '',
  ].join('\n')
}

function searchCell(
  name: string,
  definition: EstimatorDefinition,
  spaces: readonly (readonly [SupervisedTask, SearchSpace])[],
): string {
  const said = spaces.flatMap(([task, space]) => {
    const usual = space[name]
    if (!usual) return []
    const small = definition.searchSpace({ ...SMALL, task })[name]
    const words = inWords(usual)
    const inSmall = small && inWords(small) !== words ? ` (${inWords(small)} for a table of ${SMALL.nRows} rows)` : ''
    return [{ task, text: `${words}${inSmall}` }]
  })
  const [first] = said
  if (!first) return ''
  if (said.length === spaces.length && said.every(({ text }) => text === first.text)) return first.text
  return said.map(({ task, text }) => `${task}: ${text}`).join('; ')
}

function inWords(distribution: Distribution): string {
  switch (distribution.type) {
    case 'choice':
      return distribution.values.map((value) => code(literal(value))).join(', ')
    case 'uniform':
      return `${distribution.low} to ${distribution.high}, uniform`
    case 'logUniform':
      return `${distribution.low} to ${distribution.high}, log-uniform`
    case 'int':
      return `${distribution.low} to ${distribution.high}, whole${distribution.log ? ', log-uniform' : ''}`
  }
}
