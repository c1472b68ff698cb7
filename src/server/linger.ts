import type { IncomingMessage, Server } from 'node:http'
import { Socket } from 'node:net'

/** What still comes is passed over for so long, */
const LONGEST_MS = 10_000
/** and for so long after the last byte. */
const QUIET_MS = 2000

/**
 * Lets a client read why its body was refused: who closes a connection with bytes on it that nobody read takes back the answer, too, and the client is
 * told of a reset instead of a body that is too large. So a connection that ends with its answer, before its request was whole, says that it sends no more,
 * and passes over what comes until the client hangs up, for a moment only. None of it is read as a request.
 * @see RFC 9112, section 9.6
 */
export function lingerOnClose(server: Server): void {
  const requests = new WeakMap<Socket, IncomingMessage>()
  server.on('request', (request: IncomingMessage) => {
    const { socket } = request
    // Over HTTP/2 a stream ends by itself.
    if (request.httpVersionMajor >= 2 || !(socket instanceof Socket)) return
    if (!requests.has(socket)) {
      const destroySoon = socket.destroySoon.bind(socket)
      socket.destroySoon = () => {
        if (requests.get(socket)?.complete === false && server.listening && !socket.destroyed) linger(socket)
        else destroySoon()
      }
    }
    requests.set(socket, request)
  })
}

function linger(socket: Socket): void {
  const end = () => socket.destroy()
  if (socket.writable) socket.end()
  // Node's own, which would hand the bytes to the parser, and call their end a fault.
  socket.removeAllListeners('data').removeAllListeners('end')
  const longest = setTimeout(end, LONGEST_MS).unref()
  let quiet = setTimeout(end, QUIET_MS).unref()
  socket.on('data', () => {
    clearTimeout(quiet)
    quiet = setTimeout(end, QUIET_MS).unref()
  })
  socket.once('end', end)
  socket.once('close', () => {
    clearTimeout(longest)
    clearTimeout(quiet)
  })
  socket.resume()
  // Node's server stops the handle itself where a request waits, and what would start it again is gone with its listeners.
  socket._read(0)
}
