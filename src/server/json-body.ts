import type { FastifyInstance } from 'fastify'
import { BellwetherError } from '../errors.ts'

const utf8 = new TextDecoder('utf-8', { fatal: true })

/**
 * Makes `application/json` in UTF-8 the only body that is taken, so that a page elsewhere cannot send one without a CORS
 * preflight, which is never answered. Keys that would reach a prototype (`__proto__`, `constructor.prototype`) are refused.
 * Errors never quote the body.
 * @throws MALFORMED_JSON, UNSUPPORTED_MEDIA_TYPE, from the parser
 */
export function acceptOnlyJson(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  const parse = app.getDefaultJsonParser('error', 'error')
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body: Buffer, done) => {
    const charset = /;\s*charset\s*=\s*"?([^\s;"]*)/i.exec(request.headers['content-type'] ?? '')?.[1]
    if (charset !== undefined && charset.toLowerCase() !== 'utf-8' && charset.toLowerCase() !== 'utf8') {
      return done(new BellwetherError('UNSUPPORTED_MEDIA_TYPE', 'The body has to be UTF-8.'))
    }
    let text: string
    try {
      text = utf8.decode(body)
    } catch {
      return done(new BellwetherError('MALFORMED_JSON', 'The body is not valid UTF-8.'))
    }
    if (text.trim() === '')
      return done(new BellwetherError('MALFORMED_JSON', 'The body is empty; expected one JSON document.'))
    void parse(request, text, (error, value) => {
      if (error) done(new BellwetherError('MALFORMED_JSON', whyNot(text)))
      else done(null, value)
    })
  })
}

/** Why a text was not taken, with the place but without the text: the parser's own message quotes it. */
function whyNot(text: string): string {
  try {
    JSON.parse(text)
  } catch (error) {
    const { message } = error as Error
    if (message === 'Unexpected end of JSON input') return 'The body is not valid JSON: it ends too early.'
    const place = /\(line (\d+) column (\d+)\)$/.exec(message)
    return `The body is not valid JSON${place ? `: line ${place[1]}, column ${place[2]}` : ''}.`
  }
  return 'The body holds a key that is not allowed: `__proto__`, or `prototype` within `constructor`.'
}
