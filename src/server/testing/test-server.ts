import path from 'node:path'
import { ulid } from 'ulid'
import { buildApp } from '../app.ts'
import type { TypedApp } from '../route-types.ts'
import type { ServerOptions } from '../server-options.ts'
import type { ServedHome } from './served-home.ts'

/** Options over a test's home; every line of the log lands in `lines`. */
export function optionsFor(served: ServedHome, lines: string[], overrides: Partial<ServerOptions> = {}): ServerOptions {
  return {
    stores: served.home,
    clock: Date.now,
    newId: () => ulid(),
    dashboardFolder: path.join(served.folder, 'no-dashboard'),
    host: '127.0.0.1',
    port: 8000,
    log: { write: (line: string) => void lines.push(line) },
    logLevel: 'debug',
    ...overrides,
  }
}

/** An app to inject requests into; they carry a Host header that it allows. */
export async function appFor(
  served: ServedHome,
  overrides: Partial<ServerOptions> = {},
): Promise<{ app: TypedApp; lines: string[]; ask: Ask }> {
  const lines: string[] = []
  const { app } = await buildApp(optionsFor(served, lines, overrides))
  await app.ready()
  const ask: Ask = async (method, url, { body, headers = {} } = {}) => {
    const response = await app.inject({
      method,
      url,
      headers: {
        host: 'localhost:8000',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined
        ? {}
        : { payload: typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body) }),
    })
    return {
      status: response.statusCode,
      headers: response.headers,
      text: response.body,
      json: () => JSON.parse(response.body),
    }
  }
  return { app, lines, ask }
}

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, number | string | string[] | undefined>>
  readonly text: string
  // biome-ignore lint/suspicious/noExplicitAny: what a test expects of an answer is the test itself
  json(): any
}

export type Ask = (
  method: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'OPTIONS' | 'HEAD',
  url: string,
  request?: { readonly body?: unknown; readonly headers?: Readonly<Record<string, string>> },
) => Promise<Answer>
