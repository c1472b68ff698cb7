/** What a server answered to something hostile. */
export interface HostileAnswer {
  /** `POST /api/v1/models/{name}/predict` */
  readonly operation: string
  readonly status: number
  readonly text: string
  readonly milliseconds: number
}

/** 503 on purpose: each says in words what is not there now. */
const DELIBERATE =
  /"(?:error|error_code)": ?"(?:OVERLOADED|NOT_READY|[A-Z_]*UNAVAILABLE)"|"ready": ?false|^\{"error": ?"Version \d+ of \\"[^"]*\\" cannot be loaded\."\}$/

/** What no answer may carry, whoever asks. */
const LEAKS: readonly (readonly [what: string, pattern: RegExp])[] = [
  ["a file of the system's", /root:[x*]:0:0|\[extensions\]|\[fonts\]/],
  ['a stack', /\n\s+at \S+ \(|node:internal|\.ts:\d+:\d+/],
  [
    'words of the database',
    /SQLITE_|SqliteError|syntax error at or near|near ".*": syntax error|invalid input syntax for type|pg_catalog|sqlite_master.*CREATE/,
  ],
]

/** All of them at once: nearly every answer has none. */
const ANY_LEAK = new RegExp(LEAKS.map(([, { source }]) => `(?:${source})`).join('|'))

/** Nothing that an attacker waits for may take longer; a machine that is busy takes a while for anything. */
const MAX_MILLISECONDS = 5000

/** Work that reads everything that is kept, one request after the other, or runs a process. */
const LONG = /erasures|reproduce|^POST \/api\/v1\/datasets/
const MAX_MILLISECONDS_LONG = 60_000

/** @returns what is wrong with the answer; empty where it is as it should be */
export function faultsOf(
  { operation, status, text, milliseconds }: HostileAnswer,
  secrets: readonly string[],
): string[] {
  const faults: string[] = []
  if (status >= 500 && !(status === 503 && DELIBERATE.test(text))) faults.push(`status ${status}`)
  if (status < 100) faults.push('no answer')
  if (ANY_LEAK.test(text)) for (const [what, pattern] of LEAKS) if (pattern.test(text)) faults.push(`shows ${what}`)
  if (secrets.some((secret) => text.includes(secret))) faults.push("shows another's data, or the server's")
  if (milliseconds > (LONG.test(operation) ? MAX_MILLISECONDS_LONG : MAX_MILLISECONDS))
    faults.push(`took ${Math.round(milliseconds)} ms`)
  return faults
}
