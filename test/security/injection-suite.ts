import { existsSync } from 'node:fs'
import { expect, test } from 'vitest'
import { RandomState } from '../../src/table/random.ts'
import { knownValues, SECRET } from './hostile-home.ts'
import { faultsOf, type HostileAnswer } from './judge.ts'
import { attacked, type MadeRequest, type OpenApi, operationsOf, placesOf, sampleOf } from './operations.ts'
import { ALL_PAYLOADS } from './payloads.ts'

/** Payloads that each place is tried with: all of them in the soak lane. */
const EACH = process.env['BELLWETHER_FLOOD'] ? ALL_PAYLOADS.length : 4
const TOGETHER = 8

export interface InjectionTarget {
  readonly document: () => Promise<OpenApi>
  readonly send: (request: MadeRequest) => Promise<HostileAnswer>
  /** What must be as before afterwards, whatever was asked: counts of what nobody deleted. */
  readonly state: () => Promise<unknown>
  /** Texts that no answer may hold. */
  readonly secrets: () => readonly string[]
}

/** Hostile texts in every parameter, member and value of every operation of the document. */
export function runInjectionSuite(target: InjectionTarget): void {
  test('hostile texts at every place of every operation: no fault of the server, no leak, nothing gone, no waiting', {
    timeout: 1_200_000,
  }, async () => {
    const document = await target.document()
    expect(document).toHaveProperty('paths')
    const before = await target.state()
    const requests = requestsOf(document)
    expect(requests.length).toBeGreaterThan(1000)
    const faults: string[] = []
    for (let start = 0; start < requests.length; start += TOGETHER) {
      await Promise.all(
        requests.slice(start, start + TOGETHER).map(async (request) => {
          const answer = await target.send(request)
          for (const fault of faultsOf(answer, [SECRET, ...target.secrets()]))
            faults.push(
              `${fault}: ${request.method} ${request.path.slice(0, 300)} ${request.body?.slice(0, 300) ?? ''} -> ${answer.text.slice(0, 300)}`,
            )
        }),
      )
    }
    expect(faults.slice(0, 20)).toEqual([])
    expect(await target.state()).toEqual(before)
    expect(existsSync('/tmp/bellwether-pwned')).toBe(false)
  })
}

function requestsOf(document: OpenApi): MadeRequest[] {
  const random = new RandomState(20261121)
  return operationsOf(document).flatMap((operation) => {
    const known = knownValues(
      /delete|revoke|rotate|erase|transition|rename|rollback|promote|traffic/i.test(
        `${operation.method} ${operation.path}`,
      ),
    )
    const parameters = Object.fromEntries(
      operation.parameters.map(({ name, schema }) => [
        name,
        known(name) ?? sampleOf(schema ?? {}, document, known, name),
      ]),
    )
    const body = operation.body === null ? null : sampleOf(operation.body, document, known)
    return placesOf(operation, body).flatMap((place) =>
      chosen(random).map((payload) => attacked(operation, { parameters, body }, place, payload)),
    )
  })
}

function chosen(random: RandomState): readonly string[] {
  if (EACH >= ALL_PAYLOADS.length) return ALL_PAYLOADS
  return Array.from({ length: EACH }, () => ALL_PAYLOADS[random.randint(ALL_PAYLOADS.length)]!)
}
