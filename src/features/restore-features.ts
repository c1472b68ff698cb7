import { BellwetherError } from '../errors.ts'
import type { State } from '../table/state.ts'
import type { Block } from './block.ts'
import { type BlockState, FeaturesState, type TermsState } from './block-state.ts'
import { SlotsBlock, ValuesBlock } from './category-block.ts'
import { ColumnFeatures } from './column-features.ts'
import { restoreExpression } from './expression/evaluate.ts'
import type { FittedFeatures } from './fitted-features.ts'
import { NumericBlock } from './numeric-block.ts'
import { TermsBlock } from './terms-block.ts'

/**
 * Fitted features from their state; they transform to the same bits as those that gave it. The state may come from a file of unknown
 * origin: it is checked, and nothing in it is run as code (expressions are compiled by our own grammar).
 * @throws FEATURES_STATE_INVALID, EXPRESSION_INVALID
 */
export function restoreFeatures(state: State): FittedFeatures {
  const parsed = FeaturesState.safeParse(state)
  if (!parsed.success) {
    const details = parsed.error.issues.map((issue) => ({ path: issue.path.join('.'), message: issue.message }))
    const first = details[0]
    const message = `The state of the features can't be read: ${first ? `${first.path || 'state'}: ${first.message}` : 'unknown fault'}.`
    throw new BellwetherError('FEATURES_STATE_INVALID', message, { details })
  }
  const { encoding, inputs, derived, blocks } = parsed.data
  return new ColumnFeatures(
    encoding,
    inputs,
    derived.map(({ name, expression }) => ({
      name,
      expression: restoreExpression(expression, `derived column ${name}`),
    })),
    blocks.flatMap((block) => (block.type === 'terms' ? [] : [restoreBlock(block)])),
    blocks.flatMap((block) => (block.type === 'terms' ? [TermsBlock.restore(block)] : [])),
  )
}

function restoreBlock(state: Exclude<BlockState, TermsState>): Block {
  switch (state.type) {
    case 'numbers':
      return new NumericBlock(state)
    case 'slots':
      return new SlotsBlock(state)
    case 'values':
      return new ValuesBlock(state)
  }
}
