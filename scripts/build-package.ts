import { spawnSync } from 'node:child_process'
import { existsSync, globSync, readFileSync, rmSync } from 'node:fs'
import path from 'node:path'

/**
 * What runs in a thread or process of its own, as the modules that start it name it. Each is a file of its own in `dist/cli`, beside them.
 * @returns paths below src/, without extension
 */
export function startedModules(sources: string): string[] {
  const found = globSync('**/*.ts', { cwd: sources }).flatMap((file) =>
    Array.from(
      readFileSync(path.join(sources, file), 'utf8').matchAll(/new URL\(`\.\/([\w-]+)\.\$\{extension\}`/g),
      ([, name]) => path.posix.join(path.dirname(file).split(path.sep).join('/'), name!),
    ),
  )
  return [...new Set(found)].sort()
}

const HTTP = 'node:http'

/**
 * Node's module for HTTP, without what an `import` of it brings along: that reads each of its exports, and one of them loads Node's whole
 * client for WebSockets, some 30 ms of every start.
 */
const LAZY_HTTP = {
  name: 'lazy-http',
  resolveId: (id: string) => (id === HTTP ? `\0${HTTP}` : null),
  load: (id: string) =>
    id === `\0${HTTP}`
      ? `const http = process.getBuiltinModule('${HTTP}')
export default http
export const { Agent, IncomingMessage, OutgoingMessage, STATUS_CODES, Server, ServerResponse, createServer, get, request } = http`
      : null,
}

/**
 * Builds the packed program: the command line in few files, since each of a thousand modules costs time at every start; and
 * `bellwether/learn` as modules of its own, with type declarations, for bundlers and browsers.
 * @param folder Where to; what was there is gone.
 * @throws when the compiler is missing or finds a fault
 */
export async function buildPackage(root: string, folder = path.join(root, 'dist')): Promise<void> {
  const compiler = path.join(root, 'node_modules/typescript/bin/tsc')
  const bundler = await import('rolldown').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ERR_MODULE_NOT_FOUND') return null
    throw error
  })
  if (!existsSync(compiler) || bundler === null)
    throw new Error('Packing needs the development dependencies: run `npm ci` first.')
  rmSync(folder, { recursive: true, force: true })
  for (const project of ['tsconfig.build.json', 'tsconfig.types.json']) {
    const run = spawnSync(process.execPath, [compiler, '-p', project, '--outDir', folder], {
      cwd: root,
      stdio: ['ignore', 2, 2],
    })
    if (run.status !== 0) throw new Error(`The package does not build: tsc -p ${project} ended with ${run.status}.`)
  }
  const entries = ['cli/main', ...startedModules(path.join(root, 'src'))]
  await bundler.build({
    input: Object.fromEntries(entries.map((entry) => [path.basename(entry), path.join(root, 'src', `${entry}.ts`)])),
    platform: 'node',
    // Packages stay where npm puts them.
    external: (id) => id !== HTTP && !id.startsWith('.') && !path.isAbsolute(id),
    plugins: [LAZY_HTTP],
    // Two folders deep, as the modules that look for files of the package are.
    output: {
      dir: path.join(folder, 'cli'),
      format: 'esm',
      entryFileNames: '[name].js',
      chunkFileNames: '[name]-[hash].js',
    },
    logLevel: 'warn',
  })
}
