import { BellwetherError } from '../../errors.ts'
import type { RegisteredModel } from '../../track/model-registry.ts'
import { type CanaryStop, CHAMPION, TrafficPlan } from '../../track/traffic-plan.ts'
import { actor, parseReference, reasonGiven, text, withHome } from '../context.ts'
import { formatTable } from '../format-table.ts'
import { printJson, printLine } from '../output.ts'

/** Shows who answers a model's requests, or says it; what is left out stays as it is. */
export async function action(options: Record<string, unknown>, [reference]: string[]): Promise<number> {
  const { model, version, alias } = parseReference(reference!)
  if (version !== undefined || alias !== undefined)
    throw new BellwetherError(
      'USAGE',
      `Traffic is a matter of the model: name it as ${model}, without version or alias.`,
    )
  const given = planGiven(options)
  const remove = options['remove'] === true
  if (remove && Object.keys(given).length > 0)
    throw new BellwetherError('USAGE', '--remove forgets the whole plan; say it alone.')
  return withHome(options, async (home) => {
    const before = await home.models.model(model)
    let after = before
    if (remove || Object.keys(given).length > 0) {
      const { stop, ...rest } = given
      const so = before.traffic ?? { weights: { [CHAMPION]: 100 } }
      const plan = remove ? null : parsedPlan({ ...so, ...rest, stop: { ...before.traffic?.stop, ...stop } })
      after = await home.models.setTraffic({
        model,
        plan,
        expected: before.traffic ?? null,
        actor: actor(),
        reason: reasonGiven(options),
        now: Date.now(),
      })
    }
    if (options['json']) printJson({ model, plan: after.traffic ?? null })
    else print(after)
    return 0
  })
}

function print({ name, aliases, traffic }: RegisteredModel): void {
  if (!traffic) {
    printLine(`The champion of ${name} answers everything, unless its project file says otherwise (serving.traffic).`)
    return
  }
  const versionOf = (alias: string) => (Object.hasOwn(aliases, alias) ? aliases[alias]! : 'none: the champion answers')
  printLine(
    formatTable(
      ['alias', 'version', 'share'],
      [
        ...Object.entries(traffic.weights).map(([alias, percent]) => [alias, versionOf(alias), `${percent} %`]),
        ...traffic.shadow.map((alias) => [alias, versionOf(alias), 'shadow']),
      ],
      ['left', 'left', 'right'],
    ),
  )
  const sticky = {
    none: 'requests are dealt by chance',
    header: `requests with the same ${traffic.header} get the same version`,
    id: 'a person always gets the same version',
    key: 'a caller always gets the same version',
  }
  printLine(`\n${sticky[traffic.sticky]}`)
  printLine(stopInWords(traffic.stop))
}

function stopInWords({ enabled, windowSeconds, minRequests, ...stop }: CanaryStop): string {
  const { errorRate, latencyMs, latencyRatio, disagreement } = stop
  const rules = [
    ...(errorRate === null ? [] : [`it fails more than ${errorRate * 100} %`]),
    ...(latencyMs === null ? [] : [`95 % of its answers take more than ${latencyMs} ms`]),
    ...(latencyRatio === null ? [] : [`they take more than ${latencyRatio} times the champion's time`]),
    ...(disagreement === null ? [] : [`the champion answers more than ${disagreement * 100} % otherwise`]),
  ]
  if (!enabled || rules.length === 0) return 'a canary is never stopped by itself'
  return `a canary is stopped when, of at least ${minRequests} requests in ${windowSeconds} s, ${rules.join(', or ')}`
}

interface PlanGiven {
  weights?: Record<string, number>
  sticky?: string
  header?: string
  shadow?: string[]
  stop?: Record<string, number | boolean | null>
}

function planGiven(options: Record<string, unknown>): PlanGiven {
  const weights = text(options, 'weights')
  const sticky = text(options, 'sticky')
  const header = text(options, 'header')
  const shadow = text(options, 'shadow')
  const stop = text(options, 'stop')
  return {
    ...(weights === undefined ? {} : { weights: numbersOf('--weights', 'champion=90,challenger=10', weights) }),
    ...(sticky === undefined ? {} : { sticky }),
    ...(header === undefined ? {} : { header }),
    ...(shadow === undefined ? {} : { shadow: shadow === 'none' ? [] : shadow.split(',').map((name) => name.trim()) }),
    ...(stop === undefined ? {} : { stop: stop === 'never' ? { enabled: false } : stopGiven(stop) }),
  }
}

function stopGiven(given: string): Record<string, number | boolean | null> {
  return {
    enabled: true,
    ...pairsOf('--stop', 'errorRate=0.02,minRequests=200', given, (value) =>
      value === 'null' ? null : numberOf(value),
    ),
  }
}

function numbersOf(flag: string, example: string, given: string): Record<string, number> {
  return pairsOf(flag, example, given, numberOf)
}

const numberOf = (value: string) => (/^\d+(?:\.\d+)?$/.test(value) ? Number(value) : undefined)

/** `name=value` pairs with commas between. @throws USAGE */
function pairsOf<T>(
  flag: string,
  example: string,
  given: string,
  read: (value: string) => T | undefined,
): Record<string, T> {
  return Object.fromEntries(
    given.split(',').map((pair) => {
      const [name = '', value = '', ...rest] = pair.split('=').map((part) => part.trim())
      const parsed = read(value)
      if (name === '' || parsed === undefined || rest.length > 0)
        throw new BellwetherError('USAGE', `${flag} takes pairs such as ${example}; got "${pair.slice(0, 80)}".`)
      return [name, parsed]
    }),
  )
}

/** @throws USAGE with every fault */
function parsedPlan(document: unknown): TrafficPlan {
  const parsed = TrafficPlan.safeParse(document)
  if (parsed.success) return parsed.data
  const details = parsed.error.issues.map(({ path, message }) => ({ path: path.join('.'), message }))
  throw new BellwetherError('USAGE', `No plan of traffic: ${details[0]!.path}: ${details[0]!.message}`, { details })
}
