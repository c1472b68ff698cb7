/** Letters, numbers and the underscore: what Python's `\w` matches, of which JavaScript's matches the ASCII part alone. */
const WORD_CHARACTER = /^[\p{L}\p{N}_]$/u

/** 256 code points each, 1 where one belongs to words; made when a text first has one of them. */
const pages: (Uint8Array | undefined)[] = new Array(0x110000 >>> 8).fill(undefined)

/** Whether a code point belongs to words. It agrees with Python over every code point that both know of. */
export function isWordCharacter(codePoint: number): boolean {
  const page = pages[codePoint >>> 8] ?? makePage(codePoint >>> 8)
  return page[codePoint & 255] === 1
}

function makePage(number: number): Uint8Array {
  const page = new Uint8Array(256)
  for (let i = 0; i < 256; i++) {
    if (WORD_CHARACTER.test(String.fromCodePoint(number * 256 + i))) page[i] = 1
  }
  pages[number] = page
  return page
}
