import http from 'node:http'
import type { HostileAnswer } from './judge.ts'
import type { MadeRequest } from './operations.ts'

/** Sends requests over kept connections as they are written, without making the path right. */
export function senderTo(url: string, headers: Readonly<Record<string, string>> = {}) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 8 })
  const send = ({ method, path, body, operation }: MadeRequest): Promise<HostileAnswer> => {
    const started = performance.now()
    const end = (status: number, text: string) => ({
      operation,
      status,
      text,
      milliseconds: performance.now() - started,
    })
    const json =
      body === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
    return new Promise((resolve) => {
      const request = http.request(url, { agent, method, path, headers: { ...headers, ...json } }, (response) => {
        let text = ''
        response.setEncoding('utf8')
        response.on('data', (part) => {
          text += part
        })
        response.on('end', () => resolve(end(response.statusCode ?? 0, text)))
      })
      request.on('error', (error) => resolve(end(0, String(error))))
      request.end(body)
    })
  }
  return { send, close: () => agent.destroy() }
}
