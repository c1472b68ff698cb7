import type { ErrorDetail, ErrorDocument } from '../../../src/errors.ts'

/** An answer of the server that is no success, in the server's own words. */
export class ApiError extends Error {
  readonly status: number
  readonly code: string
  readonly hint: string
  readonly details: readonly ErrorDetail[]

  constructor(status: number, document: Partial<ErrorDocument>) {
    super(document.message ?? `The server answered with status ${status}.`)
    this.name = 'ApiError'
    this.status = status
    this.code = document.error ?? `HTTP_${status}`
    this.hint = document.hint ?? ''
    this.details = document.details ?? []
  }
}
