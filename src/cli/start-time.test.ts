import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { expect, test } from 'vitest'
import { startServing } from '../../test/support/served.ts'

/** Writes the modules that a process has loaded, one a line, when it opens its port. */
const LISTING = (file: string) => `
import { writeFileSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { Server } from 'node:net'
const loaded = []
registerHooks({ load(url, context, next) { loaded.push(url); return next(url, context) } })
const listen = Server.prototype.listen
Server.prototype.listen = function (...options) {
  writeFileSync(${JSON.stringify(file)}, loaded.join('\\n'))
  return listen.apply(this, options)
}`

test('a server listens before it loads what only training, tokens, buckets, PostgreSQL and JSON Schema need', {
  timeout: 120_000,
}, async () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'bellwether-start-'))
  const before = process.env['NODE_OPTIONS']
  try {
    const list = path.join(folder, 'loaded.txt')
    const hook = path.join(folder, 'hook.mjs')
    writeFileSync(hook, LISTING(list))
    process.env['NODE_OPTIONS'] = `--import=${hook}`
    const server = await startServing(['serve', '--home', path.join(folder, 'home'), '--create-home'])
    if (before === undefined) delete process.env['NODE_OPTIONS']
    else process.env['NODE_OPTIONS'] = before
    await server.stop()
    const loaded = readFileSync(list, 'utf8').split('\n')
    expect(loaded.some((url) => url.includes('/src/server/app.ts'))).toBe(true)
    const late =
      /\/src\/(?:learn|features)\/|\/node_modules\/(?:jose|pg|@aws-sdk|@duckdb|onnxruntime-node|@bufbuild|ajv)\//
    expect(loaded.filter((url) => late.test(url))).toEqual([])
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
