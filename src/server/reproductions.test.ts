import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { BellwetherError } from '../errors.ts'
import type { Reproduction } from '../pipeline/reproduce-run.ts'
import type { TypedApp } from './route-types.ts'
import { ServedHome } from './testing/served-home.ts'
import { type Ask, appFor } from './testing/test-server.ts'

const outcome = (runId: string): Reproduction => ({
  runId,
  model: { name: 'risk', version: 1 },
  dataset: { id: `sha256:${'a'.repeat(64)}`, rows: 240 },
  verdict: 'identical',
  files: [],
  differences: [],
  reasons: [],
  seconds: 1,
})

describe('runs made again on request', () => {
  let served: ServedHome
  let app: TypedApp
  let ask: Ask
  const runs: string[] = []
  const begun: string[] = []
  /** Run -> what lets it end. */
  const ends = new Map<string, () => void>()
  let failing = ''

  beforeAll(async () => {
    served = await ServedHome.make()
    for (let i = 0; i < 23; i++) {
      const { id } = await served.home.tracking.ensureExperiment('risk', 1)
      const run = await served.home.tracking.createRun({ experimentId: id, name: `run ${i}`, startTime: i })
      runs.push(run.id)
    }
    ;({ app, ask } = await appFor(served, {
      makeAgain: async (runId, signal) => {
        begun.push(runId)
        await new Promise<void>((resolve, reject) => {
          ends.set(runId, resolve)
          signal.addEventListener('abort', () => reject(new BellwetherError('CANCELLED', 'It was stopped.')))
        })
        if (runId === failing) throw new BellwetherError('RUN_NOT_REPRODUCIBLE', 'It made no version.')
        return outcome(runId)
      },
    }))
  })
  afterAll(async () => {
    await app.close()
    await served.remove()
  })

  const at = (run: string) => `/api/v1/runs/${run}/reproduction`
  const ended = async (run: string) => {
    await expect.poll(() => ends.has(run)).toBe(true)
    ends.get(run)!()
    await expect.poll(async () => (await ask('GET', at(run))).json().endTime).not.toBeNull()
    return (await ask('GET', at(run))).json()
  }

  test('are made one at a time, asked for once however often, and tell what came of it', async () => {
    const [first, second] = [runs[0]!, runs[1]!]
    failing = second
    expect((await ask('GET', at(first))).json().error).toBe('REPRODUCTION_NOT_FOUND')
    const answer = await ask('POST', at(first.slice(0, 12)))
    expect([answer.status, answer.json().runId]).toEqual([202, first])
    await ask('POST', at(first))
    await ask('POST', at(second))
    await expect.poll(() => begun).toEqual([first])
    expect((await ask('GET', at(first))).json()).toMatchObject({ state: 'running', result: null })
    expect((await ask('GET', at(second))).json()).toMatchObject({ state: 'waiting' })
    expect(await ended(first)).toMatchObject({ state: 'done', result: outcome(first), error: null })
    expect(await ended(second)).toMatchObject({
      state: 'failed',
      result: null,
      error: { error: 'RUN_NOT_REPRODUCIBLE', message: 'It made no version.' },
    })
    expect(begun).toEqual([first, second])
  })

  test('a run that there is not is answered 404', async () => {
    expect((await ask('POST', at('f'.repeat(32)))).json().error).toBe('RUN_NOT_FOUND')
  })

  test('more than twenty that wait are refused, and closing the server ends what is under way', async () => {
    for (const run of runs.slice(2)) expect((await ask('POST', at(run))).status).toBe(202)
    const refused = await ask('POST', at(runs[0]!))
    expect([refused.status, refused.json().error, refused.headers['retry-after']]).toEqual([503, 'OVERLOADED', '60'])
    const done = begun.length
    await app.close()
    expect(begun.length).toBe(done)
  })

  test('are not made where the server was given no way to', async () => {
    const { app: other, ask: askOther } = await appFor(served)
    expect((await askOther('POST', at(runs[0]!))).json().error).toBe('RUN_NOT_REPRODUCIBLE')
    await other.close()
  })
})
