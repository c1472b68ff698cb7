#!/usr/bin/env node
// Starts the command line on Node 24 or newer. Under an older Node it hands over to the Node that `npm ci` brought along.
// Plain JavaScript that Node 20 reads: everything behind it is TypeScript, run directly in a checkout and built in a package.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import module from 'node:module'
import { fileURLToPath } from 'node:url'

const MINIMUM = 24
const root = new URL('../', import.meta.url)
const source = new URL('src/cli/main.ts', root)
const built = new URL('dist/cli/main.js', root)

if (Number(process.versions.node.split('.')[0]) >= MINIMUM) {
  module.enableCompileCache?.()
  await import((existsSync(source) ? source : built).href)
} else {
  const bundled = fileURLToPath(new URL('node_modules/node/bin/node', root))
  if (!existsSync(bundled)) {
    console.error(
      `NODE_TOO_OLD: Bellwether needs Node.js ${MINIMUM} or newer; this is ${process.version}.\n` +
        'In a checkout run `npm ci`, which brings a fitting Node along; elsewhere install Node.js 24.',
    )
    process.exit(2)
  }
  const child = spawn(bundled, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: 'inherit' })
  // A terminal's Ctrl-C reaches the child by itself; signals sent to this process alone are passed on.
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  process.on('SIGINT', () => {
    if (!process.stdin.isTTY) child.kill('SIGINT')
  })
  child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : signal === 'SIGTERM' ? 143 : 1)))
}
