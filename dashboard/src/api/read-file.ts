import { ApiError } from './api-error.ts'
import { refuseKey, sessionKey } from './session.ts'

/**
 * Reads a file from the server with the reader's key, which an `<img>` or a link can't send.
 * @throws ApiError with the status that the server answered
 */
export async function readFile(path: string, signal?: AbortSignal): Promise<Blob> {
  const key = sessionKey()
  const response = await fetch(path, {
    ...(key === null ? {} : { headers: { authorization: `Bearer ${key}` } }),
    ...(signal ? { signal } : {}),
  })
  if (response.status === 401) refuseKey(key)
  if (!response.ok) throw new ApiError(response.status, {})
  return response.blob()
}
