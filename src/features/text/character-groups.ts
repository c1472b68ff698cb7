/** What Python's `\s` and `split` take for white space: JavaScript's `\s` has U+FEFF instead of U+001C to U+001F and U+0085. */
const SPACE = '\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000'
const SPACES = new RegExp(`[${SPACE}]{2,}`, 'g')
const PARTS = new RegExp(`[${SPACE}]+`)

/**
 * The pieces of a text that n-grams of characters are made of: the whole text with white space drawn together (`char`), or each word
 * between white space with a blank at both ends (`charWithinWords`), as scikit-learn's analysers `char` and `char_wb`.
 */
export function characterGroups(text: string, analyser: 'char' | 'charWithinWords'): string[] {
  if (analyser === 'char') return text === '' ? [] : [text.replace(SPACES, ' ')]
  return text
    .split(PARTS)
    .filter((word) => word !== '')
    .map((word) => ` ${word} `)
}
