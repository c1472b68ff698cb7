import { spawnSync } from 'node:child_process'
import { existsSync, globSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
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
  resolveId: (id: string, _importer: string | undefined, { kind }: { readonly kind: string }) =>
    id === HTTP && kind === 'import-statement' ? `\0${HTTP}` : null,
  load: (id: string) =>
    id === `\0${HTTP}`
      ? `const http = process.getBuiltinModule('${HTTP}')
export default http
export const { Agent, IncomingMessage, OutgoingMessage, STATUS_CODES, Server, ServerResponse, createServer, get, request } = http`
      : null,
}

/**
 * Packages that every server or command loads at its start, most of them of many small files: they are bundled, with what they need. All others
 * stay where npm puts them: they are loaded when they are used, or bring files or machine code of their own.
 */
const BUNDLED: ReadonlySet<string> = new Set([
  '@fastify/swagger',
  '@opentelemetry/api',
  'commander',
  'fastify',
  'fastify-type-provider-zod',
  'picocolors',
  'prom-client',
  'ulid',
  'yaml',
  'zod',
])

/** Packages that stay outside even where a bundled one asks for them: they find their own files, or start threads from them. */
const NEVER_BUNDLED: ReadonlySet<string> = new Set(['pino'])

function staysOutside(id: string, importer: string | undefined): boolean {
  if (id === HTTP || id.startsWith('.') || id.startsWith('\0') || path.isAbsolute(id)) return false
  const name = packageName(id)
  if (isBuiltin(id) || NEVER_BUNDLED.has(name)) return true
  return importer?.includes('/node_modules/') ? false : !BUNDLED.has(name)
}

const packageName = (id: string) => id.split('/', id.startsWith('@') ? 2 : 1).join('/')

/** The licences of the packages whose code is in the bundle, which ask to go with it. */
function licencesOf(moduleIds: Iterable<string>): string {
  const folders = new Set<string>()
  for (const id of moduleIds) {
    const inside = /^(.*\/node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(id.replaceAll('\\', '/'))
    if (inside) folders.add(inside[1]!)
  }
  const texts = [...folders].map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')) as Manifest
    const files = readdirSync(folder).filter((file) => /^(licen[cs]e|copying|notice)/i.test(file))
    const text = files.map((file) => readFileSync(path.join(folder, file), 'utf8').trim()).join('\n\n')
    return `${name} ${version} (${license})\n\n${text || `Its package holds no text beside the name of its licence.`}\n`
  })
  return texts.sort().join(`\n${'-'.repeat(80)}\n\n`)
}

interface Manifest {
  readonly name: string
  readonly version: string
  readonly license: string
}

/**
 * Builds the packed program: the command line in few files, since each of a thousand modules, its own and those of
 * packages, costs time at every start; and
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
  const built = await bundler.build({
    input: Object.fromEntries(entries.map((entry) => [path.basename(entry), path.join(root, 'src', `${entry}.ts`)])),
    platform: 'node',
    external: staysOutside,
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
  const moduleIds = built.output.flatMap((file) => (file.type === 'chunk' ? file.moduleIds : []))
  writeFileSync(path.join(folder, 'cli', 'LICENSES.txt'), licencesOf(moduleIds))
}
