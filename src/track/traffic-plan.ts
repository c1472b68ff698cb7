import { z } from 'zod'
import { canonicalJson } from '../packaging/canonical-json.ts'
import { isName } from './names.ts'

const Alias = z.string().refine((name) => isName('alias', name), 'expected the name of an alias')

/** What ends a canary without anybody's doing. Rates and quantiles are those of one serving process. */
export const CanaryStop = z.strictObject({
  enabled: z.boolean().default(true).describe('Whether a canary is ever stopped by itself.'),
  windowSeconds: z.int().min(1).max(86_400).default(300).describe('Only the last so many seconds count.'),
  minRequests: z
    .int()
    .min(1)
    .max(1_000_000)
    .default(100)
    .describe('Requests of the canary in the window before anything is judged.'),
  errorRate: z
    .number()
    .min(0)
    .max(1)
    .nullable()
    .default(0.05)
    .describe('Largest share of requests that the canary fails and the champion answers; null: any.'),
  latencyMs: z
    .number()
    .positive()
    .nullable()
    .default(null)
    .describe('Largest 95th percentile of the time to score a request, in milliseconds; null: any.'),
  latencyRatio: z
    .number()
    .min(1)
    .nullable()
    .default(null)
    .describe("The same, in times the champion's own 95th percentile in the window; null: any."),
  disagreement: z
    .number()
    .min(0)
    .max(1)
    .nullable()
    .default(null)
    .describe(
      "Largest share of the canary's records to which the champion, asked in the background, answers otherwise; null: any.",
    ),
  tolerance: z
    .number()
    .min(0)
    .nullable()
    .default(null)
    .describe(
      "Numbers that differ by no more than this agree. null: those within the champion's interval; without one, those within 1 %.",
    ),
})
export type CanaryStop = z.output<typeof CanaryStop>

/**
 * Who answers a model's requests that name neither version nor alias. Shares belong to aliases: a version that an alias is moved to takes over
 * its share. The share of an alias that points at nothing is the champion's.
 */
export const TrafficPlan = z
  .strictObject({
    weights: z
      .record(Alias, z.number().min(0).max(100))
      .describe('alias -> percent of the requests; `champion` is one of them, and together they are 100.'),
    sticky: z
      .enum(['none', 'header', 'id', 'key'])
      .default('none')
      .describe(
        "What always gets the same version: the value of a header, the person (the project's id column), or the caller's key. A request without it is dealt by chance.",
      ),
    header: z
      .string()
      .max(100)
      .regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/, 'expected the name of a header')
      .default('x-sticky-key')
      .describe('With `sticky: header`, its name.'),
    shadow: z
      .array(Alias)
      .max(4)
      .default([])
      .describe('Aliases that are asked in the background too: answers are compared, never returned.'),
    stop: CanaryStop.prefault({}).describe('When a canary is stopped by itself.'),
  })
  .superRefine(({ weights, shadow }, context) => {
    if (!Object.hasOwn(weights, CHAMPION))
      context.addIssue({
        code: 'custom',
        path: ['weights'],
        message: 'expected the share of `champion`, even if it is 0',
      })
    const sum = Object.values(weights).reduce((total, weight) => total + weight, 0)
    if (Math.abs(sum - 100) > 1e-6)
      context.addIssue({
        code: 'custom',
        path: ['weights'],
        message: `expected percent that add up to 100, came ${sum}`,
      })
    if (Object.keys(weights).length > 10)
      context.addIssue({ code: 'custom', path: ['weights'], message: 'expected at most 10 aliases' })
    if (new Set(shadow).size < shadow.length)
      context.addIssue({ code: 'custom', path: ['shadow'], message: 'expected each alias once' })
  })
export type TrafficPlan = z.output<typeof TrafficPlan>

/** The alias that answers where nothing else is said. */
export const CHAMPION = 'champion'

/** The plan, or null where this is none. */
export function planOf(document: unknown): TrafficPlan | null {
  const parsed = TrafficPlan.safeParse(document)
  return parsed.success ? parsed.data : null
}

export function samePlan(a: TrafficPlan | null, b: TrafficPlan | null): boolean {
  return canonicalJson(a) === canonicalJson(b)
}

/** Aliases beside the champion that have a share, by name. */
export function canariesOf({ weights }: TrafficPlan): string[] {
  return Object.keys(weights)
    .filter((alias) => alias !== CHAMPION && weights[alias]! > 0)
    .sort()
}

/** The plan with the aliases' shares given to the champion. */
export function withoutShares(plan: TrafficPlan, aliases: readonly string[]): TrafficPlan {
  const weights: Record<string, number> = { ...plan.weights }
  for (const alias of aliases) {
    if (alias === CHAMPION || !Object.hasOwn(weights, alias)) continue
    weights[CHAMPION] = weights[CHAMPION]! + weights[alias]!
    weights[alias] = 0
  }
  return { ...plan, weights }
}

/** Such as `champion 90 %, challenger 10 %, shadow: blue`. */
export function sharesInWords({ weights, shadow }: TrafficPlan): string {
  const shares = Object.entries(weights)
    .filter(([, percent]) => percent > 0)
    .map(([alias, percent]) => `${alias} ${percent} %`)
  return [...shares, ...(shadow.length > 0 ? [`shadow: ${shadow.join(', ')}`] : [])].join(', ')
}
