/**
 * Params as people read them: numbers of many digits, alone or within a text, with four significant ones. Two that would look the
 * same so, though they are not, stay as they are.
 */
export function shortParams(texts: readonly (string | undefined)[]): (string | undefined)[] {
  const short = texts.map((text) =>
    text?.replaceAll(/(?<![\w.])\d+\.\d{5,}(?:e[+-]?\d+)?(?![\w.])/g, (digits) =>
      String(Number(Number(digits).toPrecision(4))),
    ),
  )
  return new Set(short).size < new Set(texts).size ? [...texts] : short
}
