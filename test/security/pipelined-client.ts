import net from 'node:net'
import type { HostileAnswer } from './judge.ts'
import type { MadeRequest } from './operations.ts'

/** Requests that are on their way on one connection at once. */
const PIPELINED = 4
const HEAD_END = Buffer.from('\r\n\r\n')

interface Waiting {
  readonly request: MadeRequest
  readonly bytes: Buffer
  readonly resolve: (answer: HostileAnswer) => void
  tries: number
}

/**
 * Sends requests over kept connections, several on each at once (RFC 9112, section 9.3.2), which takes a fraction of the time of Node's own client.
 * Requests that a connection's end left without an answer are sent again, those that could be its cause one at a time.
 */
export class PipelinedClient {
  readonly #host: string
  readonly #port: number
  readonly #head: string
  readonly #queue: Waiting[] = []
  readonly #connections = new Set<Connection>()
  readonly #size: number

  constructor(url: string, headers: Readonly<Record<string, string>>, connections: number) {
    const { hostname, port, host } = new URL(url)
    this.#host = hostname
    this.#port = Number(port)
    this.#size = connections
    this.#head = ` HTTP/1.1\r\nHost: ${host}\r\n${Object.entries(headers)
      .map(([name, value]) => `${name}: ${value}\r\n`)
      .join('')}`
  }

  send(request: MadeRequest): Promise<HostileAnswer> {
    const { method, path, body } = request
    const line = `${method} ${path}${this.#head}`
    const bytes = Buffer.from(
      body === undefined
        ? `${line}\r\n`
        : `${line}Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    )
    return new Promise((resolve) => {
      this.#queue.push({ request, bytes, resolve, tries: 0 })
      this.#pump()
    })
  }

  close(): void {
    for (const connection of this.#connections) connection.close()
  }

  #pump(): void {
    while (this.#queue.length > 0) {
      let free: Connection | null = null
      for (const connection of this.#connections)
        if (connection.room > 0 && (free === null || connection.room > free.room)) free = connection
      if ((free === null || free.room < PIPELINED) && this.#connections.size < this.#size) free = this.#open()
      if (free === null) return
      const next = this.#queue.shift()!
      // What was cut off before goes alone, so that it is known who ends connections.
      free.write(next, next.tries > 0)
    }
  }

  #open(): Connection {
    const connection = new Connection(
      net.connect(this.#port, this.#host),
      () => this.#pump(),
      (unanswered) => {
        this.#connections.delete(connection)
        for (const [i, waiting] of unanswered.entries()) {
          if (i === 0) waiting.tries++
          if (waiting.tries < 3) this.#queue.unshift(waiting)
          else waiting.resolve({ operation: waiting.request.operation, status: 0, text: 'closed', milliseconds: 0 })
        }
        this.#pump()
      },
    )
    this.#connections.add(connection)
    return connection
  }
}

class Connection {
  readonly #socket: net.Socket
  readonly #sent: Waiting[] = []
  readonly #onFree: () => void
  #buffer: Buffer = Buffer.alloc(0)
  #since = 0
  #alone = false
  #ending = false

  constructor(socket: net.Socket, onFree: () => void, onClosed: (unanswered: Waiting[]) => void) {
    this.#socket = socket
    this.#onFree = onFree
    socket.setNoDelay(true)
    socket.on('data', (part) => this.#read(part))
    socket.on('error', () => {})
    socket.on('close', () => onClosed(this.#sent.splice(0)))
  }

  get room(): number {
    return this.#ending || this.#alone ? 0 : PIPELINED - this.#sent.length
  }

  write(waiting: Waiting, alone: boolean): void {
    if (this.#sent.length === 0) this.#since = performance.now()
    this.#alone = alone
    this.#sent.push(waiting)
    this.#socket.write(waiting.bytes)
  }

  close(): void {
    this.#socket.destroy()
  }

  #read(part: Buffer): void {
    this.#buffer = this.#buffer.length === 0 ? part : Buffer.concat([this.#buffer, part])
    let freed = false
    while (this.#sent.length > 0) {
      const answer = parseAnswer(this.#buffer, this.#sent[0]!.request.method === 'HEAD')
      if (answer === null) break
      this.#buffer = this.#buffer.subarray(answer.length)
      const { request, resolve } = this.#sent.shift()!
      const now = performance.now()
      // From when it was its turn: those before it on the connection are not its own time.
      resolve({
        operation: request.operation,
        status: answer.status,
        text: answer.text,
        milliseconds: now - this.#since,
      })
      this.#since = now
      this.#alone = false
      this.#ending ||= answer.last
      freed = true
    }
    if (this.#ending) this.#socket.end()
    else if (freed) this.#onFree()
  }
}

interface ParsedAnswer {
  readonly status: number
  readonly text: string
  /** Bytes that it takes, head included. */
  readonly length: number
  /** Whether the server closes the connection after it. */
  readonly last: boolean
}

/** @returns null where it is not whole yet */
function parseAnswer(bytes: Buffer, headOnly: boolean): ParsedAnswer | null {
  const end = bytes.indexOf(HEAD_END)
  if (end < 0) return null
  const head = bytes.toString('latin1', 0, end)
  const status = Number(head.slice(9, 12))
  const last = /\r\nconnection: close/i.test(head)
  const start = end + 4
  const given = { status, last }
  if (headOnly || status === 204 || status === 304) return { ...given, text: head, length: start }
  if (/\r\ntransfer-encoding: chunked/i.test(head)) {
    const body = unchunked(bytes, start)
    return body && { ...given, text: `${head}\r\n\r\n${body.text}`, length: body.end }
  }
  const length = Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1] ?? 0)
  if (bytes.length < start + length) return null
  return { ...given, text: `${head}\r\n\r\n${bytes.toString('utf8', start, start + length)}`, length: start + length }
}

function unchunked(bytes: Buffer, start: number): { readonly text: string; readonly end: number } | null {
  const parts: Buffer[] = []
  let at = start
  for (;;) {
    const line = bytes.indexOf('\r\n', at)
    if (line < 0) return null
    const size = Number.parseInt(bytes.toString('latin1', at, line), 16)
    const next = line + 2 + size + 2
    if (bytes.length < next) return null
    if (size === 0) return { text: Buffer.concat(parts).toString('utf8'), end: next }
    parts.push(bytes.subarray(line + 2, line + 2 + size))
    at = next
  }
}
