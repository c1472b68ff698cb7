const percentFormat = new Intl.NumberFormat('en', {
  style: 'percent',
  minimumFractionDigits: 1,
  maximumFractionDigits: 1,
})
const wholeFormat = new Intl.NumberFormat('en', { maximumFractionDigits: 0 })

/** A share as a percentage; never "0 %" or "100 %" for a share that is neither. */
export function formatShare(share: number): string {
  if (share === 0 || share === 1) return share === 0 ? '0%' : '100%'
  if (share > 0 && share < 0.001) return '< 0.1%'
  if (share < 1 && share > 0.999) return '> 99.9%'
  return percentFormat.format(share)
}

/** A number with about four significant digits; large whole ones with separators, very small ones as powers of ten. */
export function formatNumber(value: number): string {
  return shortNumber(value).replace(/^-/, '−')
}

function shortNumber(value: number): string {
  if (!Number.isFinite(value)) return String(value)
  if (Number.isInteger(value)) return wholeFormat.format(value)
  const size = Math.abs(value)
  if (size < 1e-4) return value.toExponential(2)
  if (size >= 1000) return new Intl.NumberFormat('en', { maximumFractionDigits: 1 }).format(value)
  return String(Number(value.toPrecision(4)))
}

/** A metric with four decimals, so that a column of them lines up. */
export function formatMetric(value: number): string {
  return Number.isFinite(value) ? (Math.abs(value) >= 1000 ? formatNumber(value) : value.toFixed(4)) : String(value)
}

/** A number that adds to a score, with its sign. */
export function formatSigned(value: number): string {
  const text = formatNumber(Math.abs(value))
  return value < 0 ? `−${text}` : `+${text}`
}

/** As `shortParams` of the command line: numbers of many digits with four significant ones, unless two would look the same. */
export function formatParams(texts: readonly (string | undefined)[]): (string | undefined)[] {
  const short = texts.map((text) =>
    text?.replaceAll(/(?<![\w.])\d+\.\d{5,}(?:e[+-]?\d+)?(?![\w.])/g, (digits) =>
      String(Number(Number(digits).toPrecision(4))),
    ),
  )
  return new Set(short).size < new Set(texts).size ? [...texts] : short
}
