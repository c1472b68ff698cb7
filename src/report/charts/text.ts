/**
 * What every JavaScript object inherits: `__proto__`, `constructor`, `toString`, … ECharts keeps the widths of texts and the names
 * of series as keys of plain objects; such a text, which any file may name a class or a column by, would be read from and written
 * into `Object.prototype`, for the whole process.
 */
const INHERITED = new RegExp(Object.getOwnPropertyNames(Object.prototype).join('|'), 'g')

/** U+2060: not seen, and no place to break a line. */
const WORD_JOINER = '\u2060'

/**
 * Text as it can stand in an SVG: without control characters, which XML forbids, and on one line. A word that objects inherit is
 * parted by a character that is not seen.
 */
export function plain(text: string): string {
  return text
    .replace(/[\u0000-\u001f\u007f-\u009f\ufffe\uffff]+/g, ' ')
    .toWellFormed()
    .replace(INHERITED, (word) => word.slice(0, 1) + WORD_JOINER + word.slice(1))
}

/**
 * Text in lines of at most `width` characters, broken at spaces, else (one long word) after `_ - / . ,` or anywhere.
 * Nothing is cut off.
 */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of plain(text)
    .trim()
    .split(/\s+/)
    .flatMap((part) => pieces(part, width))) {
    const joined = line === '' ? word.text : line + (word.glued ? '' : ' ') + word.text
    if (Array.from(joined).length <= width) line = joined
    else {
      lines.push(line)
      line = word.text
    }
  }
  return [...lines, line]
}

/** A word in pieces that fit a line; all but the first are glued to the one before. */
function pieces(word: string, width: number): { text: string; glued: boolean }[] {
  const letters = Array.from(word)
  const found: { text: string; glued: boolean }[] = []
  for (let start = 0; start < letters.length; ) {
    let end = Math.min(start + width, letters.length)
    if (end < letters.length) {
      const breakAfter = letters.slice(start, end).findLastIndex((letter) => '_-/.,;:'.includes(letter))
      if (breakAfter >= width / 3) end = start + breakAfter + 1
    }
    found.push({ text: letters.slice(start, end).join(''), glued: start > 0 })
    start = end
  }
  return found
}

/** A number for a label: three significant digits, no exponent for everyday sizes. */
export function shortNumber(value: number): string {
  if (value === 0) return '0'
  const size = Math.abs(value)
  if (size >= 1e6 || size < 1e-4) return value.toExponential(2)
  if (size >= 100) return String(Math.round(value))
  return value.toPrecision(3)
}

/** A whole number with thin groups of three, as 4 424; others with one digit after the point. */
export function count(value: number): string {
  const text = Number.isInteger(value) ? String(value) : value.toFixed(1)
  return text.replace(/\B(?=(\d{3})+(?!\d))/g, '\u2009')
}

/** A share as whole percent; tiny ones are not shown as none, nearly all not as all. */
export function percent(share: number): string {
  if (share > 0 && share < 0.005) return '<1 %'
  if (share < 1 && share > 0.995) return '>99 %'
  return `${Math.round(share * 100)} %`
}
