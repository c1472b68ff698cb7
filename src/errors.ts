/**
 * Every error that Bellwether raises on purpose: its code, the HTTP status it maps to, and what to do about it.
 * A code is never reused for another meaning. `docs/errors.md` is made from this table.
 */
export const ERRORS = {
  // Usage and project file
  USAGE: { status: 400, hint: 'See `bellwether --help`.' },
  INVALID_INPUT: { status: 400, hint: 'Correct the fields named in `details`.' },
  PROJECT_NOT_FOUND: { status: 404, hint: 'Name a folder with a bellwether.yaml, a project file, or a project under examples/ or in the home.' },
  PROJECT_INVALID: { status: 400, hint: 'Correct the project file at the place named; an editor completes it from the JSON Schema.' },
  INTERNAL: { status: 500, hint: 'This is a fault of Bellwether. Report it with the request id and the log around it.' },
  CANCELLED: { status: 499, hint: 'Run the same command again; finished work is kept.' },
} as const satisfies Record<string, { status: number; hint: string }>

export type ErrorCode = keyof typeof ERRORS

/** One place in the input that is at fault. `path` is a JSON path or `file:line:column`; `message` never holds a person's data. */
export interface ErrorDetail {
  readonly path: string
  readonly message: string
}

/** The shape of every error on the wire and, with `--json`, on standard error. */
export interface ErrorDocument {
  readonly error: ErrorCode
  readonly message: string
  readonly hint: string
  readonly details: readonly ErrorDetail[]
}

/** An error with a stable code; HTTP status and hint follow from the code. */
export class BellwetherError extends Error {
  readonly code: ErrorCode
  readonly details: readonly ErrorDetail[]
  readonly hint: string

  constructor(code: ErrorCode, message: string, options: { details?: readonly ErrorDetail[]; hint?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'BellwetherError'
    this.code = code
    this.details = options.details ?? []
    this.hint = options.hint ?? ERRORS[code].hint
  }

  get status(): number {
    return ERRORS[this.code].status
  }

  toDocument(): ErrorDocument {
    return { error: this.code, message: this.message, hint: this.hint, details: this.details }
  }
}
