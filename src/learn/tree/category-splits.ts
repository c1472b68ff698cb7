/** Codes of a category column that can be told apart at a split; a set of them takes 8 words of 32 bits. */
export const MAX_CATEGORIES = 255

/** Words of one set. */
export const SET_WORDS = 8

/** The codes that go left at the splits on category columns. */
export interface CategorySplits {
  /** Index of each node's set, or -1 where the node is no split on categories; shape (nNodes). */
  readonly set: Int32Array
  /** Code c is in set s iff bit c % 32 of words[8 s + (c >> 5)] is 1; shape (8 * nSets). */
  readonly words: Uint32Array
}

/** Whether a code from 0 to 255 is in a set. */
export function setHas(words: Uint32Array, set: number, code: number): boolean {
  return ((words[SET_WORDS * set + (code >> 5)]! >>> (code & 31)) & 1) === 1
}

/**
 * Whether a value goes left at a split on categories. What is no whole number from 0 to 255 is unknown, and goes where missing
 * values do; a code that training did not see at this split goes right.
 */
export function categoryGoesLeft(splits: CategorySplits, set: number, value: number, missingLeft: number): boolean {
  const code = value & 255
  return code === value ? setHas(splits.words, set, code) : missingLeft === 1
}
