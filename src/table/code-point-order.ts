/** Compares texts by code point, as Python and SQL's C collation sort them; JavaScript's own order differs beyond U+FFFF. */
export function byCodePoint(a: string, b: string): number {
  const n = Math.min(a.length, b.length)
  for (let i = 0; i < n; i++) {
    const left = a.charCodeAt(i)
    const right = b.charCodeAt(i)
    if (left === right) continue
    // A surrogate stands for a code point above every other unit's.
    const leftIsSurrogate = left >= 0xd800 && left <= 0xdfff
    const rightIsSurrogate = right >= 0xd800 && right <= 0xdfff
    return leftIsSurrogate === rightIsSurrogate ? left - right : leftIsSurrogate ? 1 : -1
  }
  return a.length - b.length
}

/** Categories in the order that a schema keeps: by value where all are numbers, else by code point. */
export function sortCategories(values: Iterable<string>): string[] {
  const list = [...values]
  const allNumbers = list.every((value) => value !== '' && Number.isFinite(Number(value)))
  return allNumbers ? list.sort((a, b) => Number(a) - Number(b) || byCodePoint(a, b)) : list.sort(byCodePoint)
}
