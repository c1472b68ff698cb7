/** How often each whole number of a column occurs. */
export type WholeCounts = ReadonlyMap<number, number>

/** Categories beyond this are an identifier or a quantity, whatever the column is called. */
const MAX_CODES = 250
/** A value this frequent has neighbours, if the column is a quantity: the chance of none is below e^-10. */
const WELL_FILLED = 10

/**
 * Whether the whole numbers of a column are codes of a category (a course, a nationality, yes and no) and not a quantity.
 * The wrong answer costs little one way (a model can still split a number) and much the other (a category per value), so
 * only these are codes; all else stays a number, and the project file can declare what no heuristic can know:
 *
 * 1. **Two values, 0 and 1**, both seen: yes and no.
 * 2. **The name says so**: it holds a word for a kind of thing (course, status, mode, occupation, nationality, gender, ...;
 *    whole words, so `Course` but not `recourse`), and no word for a quantity (grade, number, age, order, ...), and the
 *    numbers are not negative and come back: at most 250 different ones, each in at least 2 rows on average.
 * 3. **The numbers say so**: holes between values that are well filled. A quantity that takes both 7 and 9 in ten rows or
 *    more also takes 8, or else only thins out towards its ends; the codes 1, 7, 17, 39, 43 of a form do not care. Three
 *    such holes are needed. Not counted: numbers written with a decimal point (grades such as 13.0), multiples of a
 *    common step (half hours as 0, 30, 60), round numbers (heaps at 5, 10, 100 are rounding), percentages of few
 *    answers (0, 33, 67, 100), years, and columns whose name holds a word for a quantity.
 *
 * Contiguous codes 1, 2, 3 without a telling name look like a small count or a rating; they stay numbers.
 *
 * @param counts Whole numbers and their row counts, without missing values.
 * @param writtenAsFractions Whether the source writes the numbers with a decimal point.
 */
export function looksLikeCodes(name: string, counts: WholeCounts, writtenAsFractions: boolean): boolean {
  const quantity = holdsWordOf(name, QUANTITY_WORDS)
  if (counts.size === 2 && counts.has(0) && counts.has(1)) return !quantity
  if (quantity || counts.size < 2 || counts.size > MAX_CODES) return false
  let nRows = 0
  let min = Number.POSITIVE_INFINITY
  for (const [value, count] of counts) {
    nRows += count
    min = Math.min(min, value)
  }
  if (min < 0) return false
  if (holdsWordOf(name, CATEGORY_WORDS)) return nRows >= 2 * counts.size
  return !writtenAsFractions && nRows >= WELL_FILLED * counts.size && hasImpossibleHoles(counts)
}

/** Rule 3 above. */
function hasImpossibleHoles(counts: WholeCounts): boolean {
  const values = [...counts.keys()].sort((a, b) => a - b)
  const first = values[0]!
  const last = values.at(-1)!
  if (last === 100 || (first >= 1900 && last <= 2100)) return false
  let step = 0
  for (const value of values) step = greatestCommonDivisor(step, value - first)
  const flanks = new Set<number>()
  let holes = 0
  for (let i = 1; i < values.length; i++) {
    const low = values[i - 1]!
    const high = values[i]!
    if (high - low <= step || counts.get(low)! < WELL_FILLED || counts.get(high)! < WELL_FILLED) continue
    holes++
    flanks.add(low).add(high)
  }
  if (holes < 3) return false
  const round = [...flanks].filter((value) => value % 5 === 0 || value % 12 === 0).length
  return round < 0.8 * flanks.size
}

function greatestCommonDivisor(a: number, b: number): number {
  let [x, y] = [a, b]
  while (y !== 0) [x, y] = [y, x % y]
  return x
}

/** Whole words of a name: `Mother's qualification`, `schoolType` and `school_type` are split alike; accents do not count. */
export function wordsOf(name: string): string[] {
  return name
    .normalize('NFD')
    .replaceAll(/\p{M}/gu, '')
    .replaceAll(/(\p{Ll})(\p{Lu})/gu, '$1 $2')
    .toLowerCase()
    .split(/[^\p{L}]+/u)
    .filter((word) => word !== '')
}

function holdsWordOf(name: string, words: ReadonlySet<string>): boolean {
  return wordsOf(name).some((word) => words.has(word))
}

/** Words for kinds of things, English, and Portuguese and Spanish as they stand in student records. */
const CATEGORY_WORDS: ReadonlySet<string> = new Set(
  `category class code course curso department district estado ethnicity faculty gender genero group job kind language
  major marital mode modo municipality nacionalidad nacionalidade nacionality nationality occupation ocupacion pais
  country profession profissao program programme province qualification race reason region religion school sector sex
  sexo status subject tipo type zip postcode`.split(/\s+/),
)

/** Words for quantities: they outweigh the others, as in `qualification (grade)` or `number of courses`. */
const QUANTITY_WORDS: ReadonlySet<string> = new Set(
  `absences age amount average avg count counts credits days distance duration edad failures gpa grade grades height
  hours idade income length level marks max mean median min minutes months no nota notas num number order percent
  percentage points pct price qty quantity rank rate rating ratio salary score scores seconds size sum time times total
  units value weeks weight year years`.split(/\s+/),
)
