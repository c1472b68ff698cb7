import type { FastifyInstance } from 'fastify'
import { invalid } from '../serve/predict-request.ts'

export interface ShapeLimits {
  /** Levels of arrays and objects within one another. */
  readonly jsonDepth: number
  /** Members of one object. */
  readonly jsonFields: number
}

/** Refuses JSON bodies that are too deep or have too many fields, whichever parser read them. */
export function limitBodyShape(app: FastifyInstance, limits: ShapeLimits): void {
  app.addHook('preValidation', (request, _reply, done) => {
    const fault = shapeFault(request.body, limits)
    done(fault === null ? undefined : invalid([{ path: 'body', message: fault }]))
  })
}

/** What of a value is beyond the limits, in words; null where nothing is. Goes no deeper than the limit. */
export function shapeFault(value: unknown, { jsonDepth, jsonFields }: ShapeLimits): string | null {
  const within = (part: unknown, left: number): string | null => {
    if (typeof part !== 'object' || part === null || ArrayBuffer.isView(part)) return null
    if (left === 0) return `is nested more than ${jsonDepth} levels deep`
    if (Array.isArray(part)) {
      for (const item of part) {
        if (typeof item !== 'object') continue
        const fault = within(item, left - 1)
        if (fault !== null) return fault
      }
      return null
    }
    const prototype = Object.getPrototypeOf(part)
    // A stream or another object of ours, where a route reads the body itself.
    if (prototype !== Object.prototype && prototype !== null) return null
    let fields = 0
    for (const name in part) {
      if (++fields > jsonFields) return `has an object of more than ${jsonFields} fields`
      const item = (part as Record<string, unknown>)[name]
      if (typeof item !== 'object') continue
      const fault = within(item, left - 1)
      if (fault !== null) return fault
    }
    return null
  }
  return within(value, jsonDepth)
}
