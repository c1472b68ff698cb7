import type { FastifyInstance } from 'fastify'
import { BellwetherError } from '../errors.ts'

const utf8 = new TextDecoder('utf-8', { fatal: true })

/**
 * Refuses bodies with a content coding, but for uploads, whose handlers unpack them or keep them as they are: read as if it had none, a packed body would be
 * called bad JSON, and what a proxy takes for packed would be taken here for plain.
 * @throws UNSUPPORTED_MEDIA_TYPE @see RFC 9110, section 8.4
 */
function refuseCodings(app: FastifyInstance): void {
  app.addHook('preParsing', (request, reply, payload, done) => {
    const coding = request.headers['content-encoding']
    if (coding === undefined || /^identity$/i.test(coding.trim()) || request.routeOptions.config.upload === true)
      return done(null, payload)
    reply.header('accept-encoding', 'identity')
    const hint = 'Send the body as it is, without the header `Content-Encoding`.'
    done(new BellwetherError('UNSUPPORTED_MEDIA_TYPE', 'The body must not have a Content-Encoding here.', { hint }))
  })
}

/**
 * Makes `application/json` in UTF-8 the only body that is taken, so that a page elsewhere cannot send one without a CORS
 * preflight, which is never answered. Keys that would reach a prototype (`__proto__`, `constructor.prototype`) are refused.
 * Errors never quote the body.
 * @throws MALFORMED_JSON, UNSUPPORTED_MEDIA_TYPE, from the parser
 */
export function acceptOnlyJson(app: FastifyInstance): void {
  refuseCodings(app)
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
