const ULID = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/
const DIGITS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const OF_BATCH = /^([0-9a-f]{16})-\d+$/

/**
 * What the id of a prediction tells of where it was made: a server gives ULIDs, which hold the time in milliseconds since 1970-01-01 UTC; a batch
 * of the command line its own 16 hexadecimal digits and the row.
 */
export type PredictionOrigin = { readonly time: number } | { readonly batch: string }

/** @returns null for what no prediction of this program has as its id */
export function originOfPrediction(id: string): PredictionOrigin | null {
  const batch = OF_BATCH.exec(id)?.[1]
  if (batch !== undefined) return { batch }
  return ULID.test(id) ? { time: timeOf(id) } : null
}

/** The first ten characters. @see https://github.com/ulid/spec */
function timeOf(ulid: string): number {
  let time = 0
  for (const character of ulid.slice(0, 10)) time = time * 32 + DIGITS.indexOf(character)
  return time
}
