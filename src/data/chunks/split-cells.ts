/**
 * The cells of one well-formed record, by the rules that `CsvScanner` holds it to: a quoted cell's blanks around its quotes do not
 * count, a doubled quote in it is one; other cells stand as they are; an empty cell is null.
 * @param text Without its line end.
 */
export function splitCells(text: string, delimiter: string, nColumns: number): (string | null)[] {
  if (!text.includes('"')) {
    const cells: (string | null)[] = text.split(delimiter)
    for (let i = 0; i < nColumns; i++) if (cells[i] === '') cells[i] = null
    return cells
  }
  const cells: (string | null)[] = []
  let at = 0
  for (;;) {
    let start = at
    while (text[start] === ' ' && delimiter !== ' ') start++
    if (text[start] === '"') {
      let cell = ''
      let from = start + 1
      for (;;) {
        const quote = text.indexOf('"', from)
        cell += text.slice(from, quote)
        if (text[quote + 1] !== '"') {
          at = text.indexOf(delimiter, quote + 1)
          break
        }
        cell += '"'
        from = quote + 2
      }
      cells.push(cell === '' ? null : cell)
    } else {
      const end = text.indexOf(delimiter, at)
      const cell = end < 0 ? text.slice(at) : text.slice(at, end)
      cells.push(cell === '' ? null : cell)
      at = end
    }
    if (at < 0) return cells
    at++
  }
}
