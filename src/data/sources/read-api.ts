import { BellwetherError } from '../../errors.ts'
import { fetchBytes } from '../../security/outbound-http.ts'
import type { RawTable } from '../../table/raw-table.ts'
import type { ReadOptions } from '../data-options.ts'
import { publicAddress } from '../table-source.ts'
import { RecordColumns } from './record-columns.ts'
import { recordTable } from './record-table.ts'
import type { ApiOptions } from './source-options.ts'

const MAX_PAGE_BYTES = 64 * 1024 * 1024
const TIMEOUT_MS = 60_000

export interface ApiRequest {
  readonly address: string
  readonly api: ApiOptions
  readonly headers: Readonly<Record<string, string>>
  readonly allowPrivate: boolean
  readonly signal?: AbortSignal
}

/**
 * The records of a JSON API, page after page, in the order in which they come. An answer of 429 or 503 is waited out as it asks. The next page
 * must be on the host of the first, so that headers with secrets go nowhere else.
 * @throws what `fetchBytes` throws; SOURCE_INVALID for an answer that is not as `api` says; NO_ROWS, HEADER_DUPLICATED
 */
export async function readApi(request: ApiRequest, read: ReadOptions): Promise<RawTable> {
  const { api, signal } = request
  const name = publicAddress(request.address)
  const records = new RecordColumns()
  const asked = new Set<string>()
  let address: string | null = firstAddress(request.address, api)
  for (let page = 0; address !== null; page++) {
    if (page >= api.maxPages)
      throw invalid(name, `has more than ${api.maxPages} pages; raise api.maxPages if that is meant`)
    if (asked.has(address)) throw invalid(name, `names a page as the next one that was read already (page ${page + 1})`)
    asked.add(address)
    if (page > 0 && api.pauseMs > 0) await pause(api.pauseMs, signal)
    const answer = await fetchBytes(address, {
      maxBytes: MAX_PAGE_BYTES,
      timeoutMs: TIMEOUT_MS,
      allowPrivate: request.allowPrivate,
      headers: { ...request.headers, accept: 'application/json' },
      retries: 5,
      ...(signal ? { signal } : {}),
    })
    const document = parse(answer.bytes, name, page)
    const list = recordsOf(document, api.records, name, page)
    for (const record of list) records.add(record)
    address = nextAddress({ document, link: answer.link, count: list.length, page, address, api, name })
  }
  return recordTable(name, records.names(), records.nRows, (names) => records.columns(names), read)
}

function firstAddress(address: string, { paging }: ApiOptions): string {
  const url = new URL(address)
  if (paging.by === 'page') {
    url.searchParams.set(paging.parameter, String(paging.first))
    if (paging.size !== undefined && paging.sizeParameter)
      url.searchParams.set(paging.sizeParameter, String(paging.size))
  }
  if (paging.by === 'offset') {
    url.searchParams.set(paging.parameter, '0')
    url.searchParams.set(paging.sizeParameter, String(paging.size))
  }
  return url.href
}

interface Page {
  readonly document: unknown
  readonly link: string | null
  readonly count: number
  readonly page: number
  readonly address: string
  readonly api: ApiOptions
  readonly name: string
}

function nextAddress({ document, link, count, page, address, api, name }: Page): string | null {
  const { paging } = api
  const url = new URL(address)
  switch (paging.by) {
    case 'none':
      return null
    case 'link':
      return sameHost(nextLink(link), url, name)
    case 'next': {
      const next = at(document, paging.path)
      if (next === undefined || next === null || next === '' || next === false) return null
      if (typeof next !== 'string') throw invalid(name, `has no address at ${paging.path} of page ${page + 1}`)
      return sameHost(next, url, name)
    }
    case 'cursor': {
      const cursor = at(document, paging.path)
      if (cursor === undefined || cursor === null || cursor === '' || cursor === false) return null
      if (typeof cursor !== 'string' && typeof cursor !== 'number')
        throw invalid(name, `has no cursor at ${paging.path} of page ${page + 1}`)
      url.searchParams.set(paging.parameter, String(cursor))
      return url.href
    }
    case 'page':
      if (count === 0 || (paging.size !== undefined && count < paging.size)) return null
      url.searchParams.set(paging.parameter, String(paging.first + page + 1))
      return url.href
    case 'offset':
      if (count < paging.size) return null
      url.searchParams.set(paging.parameter, String((page + 1) * paging.size))
      return url.href
  }
}

/** The target of rel="next" of a Link header (RFC 8288). */
function nextLink(header: string | null): string | null {
  for (const part of (header ?? '').split(/,(?=\s*<)/)) {
    const target = /^\s*<([^>]*)>/.exec(part)?.[1]
    if (target !== undefined && /;\s*rel\s*=\s*"?(?:[^";]*\s)?next(?:\s[^";]*)?"?\s*(?:;|$)/i.test(part)) return target
  }
  return null
}

function sameHost(next: string | null, from: URL, name: string): string | null {
  if (next === null) return null
  const url = URL.canParse(next, from.href) ? new URL(next, from.href) : null
  if (!url || url.origin !== from.origin) throw invalid(name, 'names a page of another host as the next one')
  return url.href
}

function parse(bytes: Uint8Array, name: string, page: number): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    throw invalid(name, `answered page ${page + 1} with what is no JSON`)
  }
}

function recordsOf(document: unknown, path: string, name: string, page: number): Record<string, unknown>[] {
  const list = path === '' ? document : at(document, path)
  const where = path === '' ? 'the answer' : path
  if (!Array.isArray(list)) {
    const lists =
      typeof document === 'object' && document !== null && !Array.isArray(document)
        ? Object.entries(document).flatMap(([key, value]) => (Array.isArray(value) ? [key] : []))
        : []
    const hint = lists.length > 0 ? ` Lists of the answer: ${lists.slice(0, 5).join(', ')}.` : ''
    throw invalid(name, `has no list of records at ${where} of page ${page + 1}.${hint}`)
  }
  const wrong = list.findIndex((record) => typeof record !== 'object' || record === null || Array.isArray(record))
  if (wrong >= 0) throw invalid(name, `has something else than an object as record ${wrong + 1} of page ${page + 1}`)
  return list as Record<string, unknown>[]
}

function at(document: unknown, path: string): unknown {
  let value = document
  for (const key of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined
    value = (value as Record<string, unknown>)[key]
  }
  return value
}

function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer)
      reject(new BellwetherError('CANCELLED', 'Reading was cancelled.'))
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop)
      resolve()
    }, ms)
    signal?.addEventListener('abort', stop, { once: true })
  })
}

function invalid(name: string, what: string): BellwetherError {
  return new BellwetherError('SOURCE_INVALID', `${name} ${what}${/[.]$/.test(what) ? '' : '.'}`)
}
