/** What the hash of a word starts from (FNV-1a). */
export const HASH_START = 0x811c9dc5 | 0

const SPACE = 32

/** The hash of a word with one more byte. */
export function hashByte(hash: number, byte: number): number {
  return Math.imul(hash ^ byte, 0x01000193)
}

/** The hash of a term with one more word, of the hash of both; that of no word is 0, and a word's own that of a term of one. */
export function hashNeighbour(term: number, word: number): number {
  return (Math.imul(term, 0x9e3779b1) + word) | 0
}

/** The hash of a term in UTF-8, the first `length` bytes, its words parted by spaces. */
export function hashTerm(bytes: Uint8Array, length: number): number {
  let term = 0
  let word = HASH_START
  for (let i = 0; i < length; i++) {
    const byte = bytes[i]!
    if (byte === SPACE) {
      term = hashNeighbour(term, word)
      word = HASH_START
    } else {
      word = hashByte(word, byte)
    }
  }
  return hashNeighbour(term, word)
}

/** The hash of a term of characters: each counts as a word of its own. */
export function hashCharacters(bytes: Uint8Array, length: number): number {
  let term = 0
  for (let i = 0; i < length; ) {
    const beyond = i + characterBytes(bytes[i]!)
    let character = HASH_START
    for (; i < beyond; i++) character = hashByte(character, bytes[i]!)
    term = hashNeighbour(term, character)
  }
  return term
}

/** How many bytes a character takes in UTF-8 that begins with this one. */
export function characterBytes(first: number): number {
  return first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4
}
