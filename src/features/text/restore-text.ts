import { BellwetherError } from '../../errors.ts'
import type { State } from '../../table/state.ts'
import { FittedCountVectoriser } from './count-vectoriser.ts'
import type { FittedText } from './fitted-text.ts'
import { HashingVectoriser } from './hashing-vectoriser.ts'
import { TextState } from './text-state.ts'
import { FittedTfidfVectoriser } from './tfidf-vectoriser.ts'

/**
 * A vectoriser from its state; it transforms to the same bits as the one that gave it. The state may come from a file of unknown
 * origin: it is checked.
 * @throws FEATURES_STATE_INVALID
 */
export function restoreText(state: State): FittedText {
  const parsed = TextState.safeParse(state)
  if (!parsed.success) {
    const details = parsed.error.issues.map((issue) => ({ path: issue.path.join('.'), message: issue.message }))
    const first = details[0]
    const message = `The state of the text features can't be read: ${first ? `${first.path || 'state'}: ${first.message}` : 'unknown fault'}.`
    throw new BellwetherError('FEATURES_STATE_INVALID', message, { details })
  }
  const read = parsed.data
  switch (read.type) {
    case 'count':
      return new FittedCountVectoriser(read.options, read.names)
    case 'tfidf':
      return new FittedTfidfVectoriser(read.options, read.names, read.idf)
    case 'hashing':
      return new HashingVectoriser(read.options)
  }
}
