import type { ColumnSchema } from '../../../../../src/table/schema.ts'

export interface FieldGroup {
  readonly title: string
  readonly columns: readonly ColumnSchema[]
}

/** Fewer fields than this need no headings. */
const SMALL_FORM = 9
/** So many fields with a common beginning of their names are a group of their own. */
const FAMILY_SIZE = 3

const KIND_TITLES: readonly (readonly [ColumnSchema['kind'], string])[] = [
  ['category', 'Choices'],
  ['number', 'Numbers'],
  ['date', 'Dates'],
  ['text', 'Texts'],
]

/**
 * Orders many fields for a reader: the single ones by kind, then each family of names that begin alike ("Curricular units
 * 1st sem (…)"). Within a group fields keep the signature's order. A small form is one group without a title.
 */
export function groupFields(columns: readonly ColumnSchema[]): FieldGroup[] {
  if (columns.length < SMALL_FORM) return [{ title: '', columns }]
  const families = new Map<string, ColumnSchema[]>()
  for (const column of columns) {
    const stem = stemOf(column.name)
    if (stem !== null) families.set(stem, [...(families.get(stem) ?? []), column])
  }
  for (const [stem, members] of families) if (members.length < FAMILY_SIZE) families.delete(stem)
  const inFamily = new Set([...families.values()].flat())
  const singles = KIND_TITLES.map(([kind, title]) => ({
    title,
    columns: columns.filter((column) => column.kind === kind && !inFamily.has(column)),
  }))
  return [...singles, ...[...families].map(([title, members]) => ({ title, columns: members }))].filter(
    (group) => group.columns.length > 0,
  )
}

/** What a name begins with before its last part: "a b (c)" -> "a b", "exam_math" -> "exam". */
function stemOf(name: string): string | null {
  const match = /^(.+?)\s*\([^()]*\)$/.exec(name) ?? /^(.+)[_.][^_.]+$/.exec(name)
  return match?.[1]?.trim() || null
}

/** Whether a field fits what is searched for: in its name, description, unit, or the meaning of its codes. */
export function matchesSearch(column: ColumnSchema, search: string): boolean {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean)
  const text = [column.name, column.description, column.unit, ...Object.values(column.labels ?? {})]
    .join(' ')
    .toLowerCase()
  return words.every((word) => text.includes(word))
}
