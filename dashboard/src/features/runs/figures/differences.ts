export interface Difference<Value> {
  readonly key: string
  readonly left: Value | undefined
  readonly right: Value | undefined
  readonly same: boolean
}

/** Two runs' values side by side, by key; what differs first. */
export function differences<Value>(
  left: Readonly<Record<string, Value>>,
  right: Readonly<Record<string, Value>>,
): Difference<Value>[] {
  const keys = [...new Set([...Object.keys(left), ...Object.keys(right)])].sort()
  const rows = keys.map((key) => ({ key, left: left[key], right: right[key], same: Object.is(left[key], right[key]) }))
  return rows.toSorted((a, b) => Number(a.same) - Number(b.same))
}
