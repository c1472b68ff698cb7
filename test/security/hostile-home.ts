import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { ServedHome } from '../../src/server/testing/served-home.ts'
import type { Home } from '../../src/store/open-home.ts'

/** Stands in files and rows that no answer to the attacker may show. */
export const SECRET = 'canary-4b1d-nobody-may-read-this'

/** What keeps requests away has tests of its own; here they are to get through. */
export const UNLIMITED = {
  addressRatePerMinute: 10_000_000,
  callerRatePerMinute: 10_000_000,
  eventLoopDelayMs: 60_000,
} as const

/** A home with two models, of which one is another's, and a file beside it that is nobody's business. */
export async function makeHostileHome(opened?: { readonly home: Home; readonly folder: string }): Promise<ServedHome> {
  const served = opened ? new ServedHome(opened.folder, opened.home) : await ServedHome.make()
  await served.register({ name: 'risk' })
  await served.register({ name: 'decoy', seed: 9 })
  await writeFile(path.join(served.folder, 'secret.txt'), SECRET)
  return served
}

/** What fits the name of a parameter, so that requests get as far as the store. */
export function knownValues(destructive: boolean): (name: string) => unknown {
  const model = destructive ? 'decoy' : 'risk'
  const known: Readonly<Record<string, unknown>> = {
    name: model,
    model,
    model_name: model,
    alias: 'champion',
    version: '1',
    experiment_id: '1',
    experiment_ids: '1',
    filter: "metrics.f1_macro > 0.1 AND attributes.status = 'FINISHED'",
    order_by: 'metrics.f1_macro DESC',
  }
  return (name) => (Object.hasOwn(known, name) ? known[name] : undefined)
}

/** What nobody may have changed or removed, and whether the ledger holds. */
export async function stateOf({ models }: Home): Promise<unknown> {
  const history = await models.history('risk')
  return {
    // Who may register versions may add some; the one that was there stays what it was.
    first: (await models.versions('risk')).find(({ version }) => version === 1)?.files,
    made: history.filter(({ actor }) => actor === 'test'),
    brokenAt: (await models.verifyLedger()).brokenAt,
  }
}
