import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, globSync, rmSync } from 'node:fs'
import path from 'node:path'

/**
 * Builds `dist/`: the sources as JavaScript (WebAssembly modules beside them as they are), and the type declarations that
 * `bellwether/learn` needs.
 * @throws when the compiler is missing or finds a fault
 */
export function buildPackage(root: string): void {
  const compiler = path.join(root, 'node_modules/typescript/bin/tsc')
  if (!existsSync(compiler)) throw new Error('Packing needs the development dependencies: run `npm ci` first.')
  rmSync(path.join(root, 'dist'), { recursive: true, force: true })
  for (const project of ['tsconfig.build.json', 'tsconfig.types.json']) {
    const run = spawnSync(process.execPath, [compiler, '-p', project], { cwd: root, stdio: ['ignore', 2, 2] })
    if (run.status !== 0) throw new Error(`The package does not build: tsc -p ${project} ended with ${run.status}.`)
  }
  for (const file of globSync('**/*.wasm', { cwd: path.join(root, 'src') }))
    cpSync(path.join(root, 'src', file), path.join(root, 'dist', file))
}
