import { stripVTControlCharacters } from 'node:util'

/** Breaks what is too long at blanks, and in the middle of words that are longer than a line. */
export function wrapText(text: string, width: number): string {
  if (displayWidth(text) <= width) return text
  const lines: string[] = []
  for (const word of text.split(/[ \n]/)) {
    const last = lines.at(-1)
    if (last !== undefined && displayWidth(`${last} ${word}`) <= width) lines[lines.length - 1] = `${last} ${word}`
    else lines.push(word)
    while (displayWidth(lines.at(-1)!) > width) {
      const long = lines.pop()!
      let cut = Math.min(long.length, width)
      while (displayWidth(long.slice(0, cut)) > width) cut--
      lines.push(long.slice(0, cut), long.slice(cut))
    }
  }
  return lines.join('\n')
}

/** Characters of the longest line as a terminal shows it: no colours, and two for those of East Asian scripts. */
export function displayWidth(text: string): number {
  const wide = /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/u
  const lines = stripVTControlCharacters(text).split('\n')
  return Math.max(...lines.map((line) => [...line].reduce((sum, character) => sum + (wide.test(character) ? 2 : 1), 0)))
}
