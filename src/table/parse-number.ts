const WITH_POINT = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/
const WITH_COMMA = /^[+-]?(?:\d+,?\d*|,\d+)(?:[eE][+-]?\d+)?$/

/**
 * The number that a cell holds, correctly rounded; NaN where it holds none. Blanks around it do not count. Only decimal
 * notation: no `0x10`, no `Infinity`, no thousands separators, and nothing beyond the range of a double. `-0` is 0.
 */
export function parseNumber(text: string, decimal: '.' | ',' = '.'): number {
  const trimmed = text.trim()
  if (!(decimal === '.' ? WITH_POINT : WITH_COMMA).test(trimmed)) return Number.NaN
  const value = Number(decimal === '.' ? trimmed : trimmed.replace(',', '.'))
  return Number.isFinite(value) ? value + 0 : Number.NaN
}

/** A whole number that a double holds exactly. */
export function isWhole(value: number): boolean {
  return Number.isSafeInteger(value)
}
