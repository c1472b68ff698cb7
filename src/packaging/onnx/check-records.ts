import type { ModelSignature } from '../signature.ts'

/** Records that are valid, each with one column unlike the example's. */
export function checkRecords({
  inputs,
  example,
}: Pick<ModelSignature, 'inputs' | 'example'>): Record<string, unknown>[] {
  const records: Record<string, unknown>[] = [example]
  for (const { name, kind, dataType, declared, observed } of inputs) {
    const put = (value: unknown) => records.push({ ...example, [name]: value })
    if (!declared.required) put(null)
    if (kind === 'number') {
      for (const value of [observed.min, observed.max, declared.min, declared.max]) {
        if (typeof value === 'number' && value >= (declared.min ?? value) && value <= (declared.max ?? value))
          put(value)
      }
    } else if (kind === 'category') {
      const known = declared.categories ?? observed.categories
      for (const category of known.slice(0, 20)) put(category)
      if (!declared.categories && dataType === 'string') put('never seen')
    } else if (kind === 'text') put('Some words, ünd mehr')
  }
  return records
}
