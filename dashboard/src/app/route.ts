/** Where the reader is. The address after `#` says it, so that every place has a link and the server needs to know one page. */
export type Route =
  | { readonly page: 'predict'; readonly model: string | null }
  | { readonly page: 'runs' }
  | { readonly page: 'run'; readonly id: string }
  | { readonly page: 'compare'; readonly ids: readonly [string, string] }
  | { readonly page: 'models'; readonly model: string | null }
  | { readonly page: 'unknown'; readonly path: string }

/** Reads `location.hash`, such as `#/runs/01ABC`. */
export function parseRoute(hash: string): Route {
  const path = hash.replace(/^#\/?/, '')
  const [page = '', first, second, ...rest] = path.split('/').map(decode)
  if (rest.length === 0) {
    if ((page === '' || page === 'predict') && second === undefined) return { page: 'predict', model: first || null }
    if (page === 'runs' && !first) return { page: 'runs' }
    if (page === 'runs' && first && second === undefined) return { page: 'run', id: first }
    if (page === 'models' && second === undefined) return { page: 'models', model: first || null }
  }
  if (page === 'runs' && first === 'compare' && second && rest.length === 1 && rest[0])
    return { page: 'compare', ids: [second, rest[0]] }
  return { page: 'unknown', path }
}

/** The address of a route. */
export function hrefOf(route: Exclude<Route, { page: 'unknown' }>): string {
  const parts: Record<typeof route.page, readonly (string | null)[]> = {
    predict: ['predict', 'model' in route ? route.model : null],
    runs: ['runs'],
    run: ['runs', 'id' in route ? route.id : null],
    compare: ['runs', 'compare', ...('ids' in route ? route.ids : [])],
    models: ['models', 'model' in route ? route.model : null],
  }
  const path = parts[route.page].filter((part) => part !== null)
  return `#/${path.map((part) => encodeURIComponent(part)).join('/')}`
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}
