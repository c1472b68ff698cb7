import type { AnalysisOptions } from './text-options.ts'

const NOT_ASCII = /[^\x00-\x7f]+/g
const MARK = /\p{M}/gu

/** Overlays have combining class 1, the lowest above 0; the iota subscript has 240, the highest. */
const LOWEST_CLASS = '\u0334'
const HIGHEST_CLASS = '\u0345'

const combining = new Map<string, boolean>()

/** scikit-learn's `strip_accents`: compatibility decomposition (NFKD), then without combining marks, or without all that is not ASCII. */
export function stripAccents(text: string, how: AnalysisOptions['stripAccents']): string {
  if (how === 'none' || text.search(NOT_ASCII) < 0) return text
  const decomposed = text.normalize('NFKD')
  if (how === 'ascii') return decomposed.replace(NOT_ASCII, '')
  return decomposed.replace(MARK, (mark) => (isCombining(mark) ? '' : mark))
}

/**
 * Whether the canonical combining class of a mark is above 0, Python's `unicodedata.combining`. JavaScript does not tell the class, but
 * normalisation sorts marks by it: one of class 0 never changes places with another.
 */
export function isCombining(mark: string): boolean {
  const known = combining.get(mark)
  if (known !== undefined) return known
  const goesBehindLowest = (mark + LOWEST_CLASS).normalize('NFKD') === LOWEST_CLASS + mark
  const goesBeforeHighest = (HIGHEST_CLASS + mark).normalize('NFKD') === mark + HIGHEST_CLASS
  combining.set(mark, goesBehindLowest || goesBeforeHighest)
  return goesBehindLowest || goesBeforeHighest
}
