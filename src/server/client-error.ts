import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import { BellwetherError, type ErrorCode } from '../errors.ts'

/** What Node's HTTP parser says of bytes that never became a request. */
const PARSER_ERRORS: Readonly<Record<string, { readonly code: ErrorCode; readonly message: string }>> = {
  HPE_HEADER_OVERFLOW: { code: 'HEADERS_TOO_LARGE', message: 'The headers are larger than this server takes.' },
  HPE_CHUNK_EXTENSIONS_OVERFLOW: {
    code: 'BODY_TOO_LARGE',
    message: 'The chunk extensions are larger than this server takes.',
  },
  ERR_HTTP_REQUEST_TIMEOUT: { code: 'REQUEST_TIMEOUT', message: 'The request did not arrive in time.' },
}

/** Who was answered and may still be sending. */
const answered = new WeakSet<Socket>()
/** How long what still comes is let go by: to close on bytes that nobody read would take the answer back from a client that has not read it. */
const LINGER_MS = 1000

/**
 * Answers bytes that are no HTTP request, and requests that came too slowly, with our error document; then hangs up.
 * @returns what was answered; null where the client was gone
 */
export function answerClientError(error: Error & { readonly code?: string }, socket: Socket): BellwetherError | null {
  if (answered.has(socket)) return null
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return null
  }
  const { code, message } = PARSER_ERRORS[error.code ?? ''] ?? {
    code: 'MALFORMED_REQUEST',
    message: 'The bytes received are no HTTP request.',
  }
  const known = new BellwetherError(code, message)
  const body = JSON.stringify(known.toDocument())
  answered.add(socket)
  socket.end(
    [
      `HTTP/1.1 ${known.status} ${STATUS_CODES[known.status]}`,
      'Content-Type: application/json; charset=utf-8',
      `Content-Length: ${Buffer.byteLength(body)}`,
      'X-Content-Type-Options: nosniff',
      'Cache-Control: no-store',
      'Connection: close',
      '',
      body,
    ].join('\r\n'),
  )
  socket.resume()
  const timer = setTimeout(() => socket.destroy(), LINGER_MS)
  socket.once('end', () => socket.destroy()).once('close', () => clearTimeout(timer))
  return known
}
