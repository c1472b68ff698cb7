import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import type { ServedHome } from '../../src/server/testing/served-home.ts'
import { type Served, startServing } from '../support/served.ts'
import { makeHostileHome, stateOf, UNLIMITED } from './hostile-home.ts'
import { runInjectionSuite } from './injection-suite.ts'
import type { OpenApi } from './operations.ts'
import { senderTo } from './send.ts'

let served: ServedHome
let server: Served
let sender: ReturnType<typeof senderTo>

beforeAll(async () => {
  served = await makeHostileHome()
  // With the limits of every day nearly every answer would be 429.
  const settings = path.join(served.folder, 'settings.yaml')
  writeFileSync(settings, JSON.stringify({ limits: UNLIMITED }))
  const args = ['--home', served.home.folder, '--no-auth', '--default-model', 'risk', '--settings', settings]
  server = await startServing(['serve', ...args])
  sender = senderTo(server.url)
}, 120_000)
afterAll(async () => {
  sender?.close()
  await server?.stop()
  await served?.remove()
})

runInjectionSuite({
  document: async () => (await server.get<OpenApi>('/openapi.json')).body,
  send: (request) => sender.send(request),
  state: () => stateOf(served.home),
  secrets: () => [
    served.folder,
    readFileSync(path.join(served.home.folder, 'predictions', 'secret')).toString('base64'),
  ],
})
