import type { ErrorDocument } from '../../../src/errors.ts'
import { ApiError } from './api-error.ts'
import { refuseKey, sessionKey } from './session.ts'

/**
 * Asks the server for JSON.
 * @throws ApiError with the server's message, or one that says that the server can't be reached.
 */
export async function request<Answer>(
  path: string,
  init: { method?: 'GET' | 'POST'; body?: unknown; signal?: AbortSignal } = {},
): Promise<Answer> {
  const key = sessionKey()
  let response: Response
  try {
    response = await fetch(path, {
      method: init.method ?? 'GET',
      headers: {
        accept: 'application/json',
        ...(key === null ? {} : { authorization: `Bearer ${key}` }),
        ...(init.body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(init.body === undefined ? {} : { body: JSON.stringify(init.body) }),
      ...(init.signal ? { signal: init.signal } : {}),
    })
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error
    throw new ApiError(0, {
      error: undefined,
      message: 'The server does not answer.',
      hint: 'Check that `bellwether serve` is running and that the network reaches it.',
    })
  }
  if (response.status === 401) refuseKey(key)
  const text = await response.text()
  const document = parse(text)
  if (!response.ok) throw new ApiError(response.status, isErrorDocument(document) ? document : {})
  if (document === undefined)
    throw new ApiError(response.status, { message: `The server answered ${path} with something other than JSON.` })
  return document as Answer
}

/** `/api/v1/…` with each part escaped, so that a name is never read as a path. */
export function apiPath(...parts: readonly (string | number)[]): string {
  return `/api/v1/${parts.map((part) => encodeURIComponent(String(part))).join('/')}`
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function isErrorDocument(value: unknown): value is ErrorDocument {
  return typeof value === 'object' && value !== null && 'error' in value && 'message' in value
}
