import { afterAll, beforeAll } from 'vitest'
import type { TypedApp } from '../../src/server/route-types.ts'
import type { ServedHome } from '../../src/server/testing/served-home.ts'
import { appFor } from '../../src/server/testing/test-server.ts'
import { openHome } from '../../src/store/open-home.ts'
import { type PostgresPlace, postgresHomes } from '../support/postgres-home.ts'
import { makeHostileHome, stateOf, UNLIMITED } from './hostile-home.ts'
import { runInjectionSuite } from './injection-suite.ts'
import { senderTo } from './send.ts'

const homes = postgresHomes()
let served: ServedHome
let place: PostgresPlace
let app: TypedApp
let sender: ReturnType<typeof senderTo>

beforeAll(async () => {
  place = await homes.place()
  served = await makeHostileHome({ home: await openHome(place.place), folder: place.folder })
  ;({ app } = await appFor(served, {
    defaultModel: 'risk',
    limits: UNLIMITED,
  }))
  sender = senderTo(await app.listen({ host: '127.0.0.1', port: 0 }))
}, 120_000)
afterAll(async () => {
  sender?.close()
  await app?.close()
  await served?.home.close()
  await place?.remove()
})

runInjectionSuite({
  document: async () => JSON.parse((await sender.send({ method: 'GET', path: '/openapi.json', operation: '' })).text),
  send: (request) => sender.send(request),
  state: () => stateOf(served.home),
  secrets: () => [place.folder],
})
