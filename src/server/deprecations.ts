import type { FastifyInstance } from 'fastify'
import { z } from 'zod'

/** Paths that live beside a newer form of themselves. */
export const FLAT_PATHS = ['/predict', '/predict/v1', '/predict/v2'] as const
export type FlatPath = (typeof FLAT_PATHS)[number]

const Day = z.union([z.iso.date(), z.iso.datetime({ offset: true })])

/** That a path is on its way out: since when, when it ends, what to use in its place. */
export const PathDeprecation = z
  .strictObject({
    since: Day.describe('When it was, or will be, deprecated, such as 2026-11-01.'),
    sunset: Day.optional().describe('When it ends; not before it is deprecated.'),
    successor: z
      .string()
      .regex(/^\/[A-Za-z0-9/_.~-]*$/, 'expected a path of this server, such as /predict/v2')
      .optional()
      .describe('Path of this server to use in its place.'),
    link: z
      .url({ protocol: /^https?$/ })
      .optional()
      .describe('Page that tells people about it.'),
  })
  .refine(({ since, sunset }) => sunset === undefined || Date.parse(sunset) >= Date.parse(since), {
    path: ['sunset'],
    message: 'expected no earlier than `since`',
  })
export type PathDeprecation = z.output<typeof PathDeprecation>

export const Deprecations = z.partialRecord(z.enum(FLAT_PATHS), PathDeprecation)
export type Deprecations = z.output<typeof Deprecations>

/**
 * Says on every answer of the paths, errors too, that they are on their way out, and marks them in the API's document. Call it before their routes are added.
 *   Deprecation: @1793491200                       RFC 9745: seconds since 1970
 *   Sunset: Sat, 01 May 2027 00:00:00 GMT          RFC 8594
 *   Link: </predict/v2>; rel="successor-version"   RFC 5829
 */
export function announceDeprecations(app: FastifyInstance, deprecations: Deprecations): void {
  const headers = new Map(
    Object.entries(deprecations).map(([path, deprecation]) => [path, headersOf(deprecation)] as const),
  )
  if (headers.size === 0) return
  app.addHook('onRoute', (route) => {
    if (headers.has(route.url) && route.schema) route.schema = { ...route.schema, deprecated: true }
  })
  app.addHook('onRequest', (request, reply, done) => {
    const own = headers.get(request.routeOptions.url ?? '')
    if (own) reply.headers(own)
    done()
  })
}

function headersOf({ since, sunset, successor, link: page }: PathDeprecation): Record<string, string> {
  // As an address is written: nothing in it ends the header's brackets.
  const link = page === undefined ? undefined : new URL(page).href
  const links = [
    ...(successor === undefined ? [] : [`<${successor}>; rel="successor-version"`]),
    ...(link === undefined ? [] : [`<${link}>; rel="deprecation"; type="text/html"`]),
    ...(link === undefined || sunset === undefined ? [] : [`<${link}>; rel="sunset"; type="text/html"`]),
  ]
  return {
    deprecation: `@${Math.floor(Date.parse(since) / 1000)}`,
    ...(sunset === undefined ? {} : { sunset: new Date(sunset).toUTCString() }),
    ...(links.length === 0 ? {} : { link: links.join(', ') }),
  }
}
