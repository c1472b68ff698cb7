/**
 * The address as this server routes it: MLflow's user interface asks below `/ajax-api` for what programs ask for below `/api`, so that the one
 * is read as the other. Calls that MLflow has for its interface alone are therefore found below both.
 * @param url Path and query, as sent.
 */
export function withoutTwin(url: string): string {
  return /^\/ajax-api\/[23]\.0\//.test(url) ? `/${url.slice('/ajax-'.length)}` : url
}
