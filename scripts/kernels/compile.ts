import { existsSync } from 'node:fs'
import path from 'node:path'

const ENTRY = 'src/learn/kernels/assembly/index.ts'

/** The compiled kernels as they are kept in the repository. */
export const KERNELS_FILE = 'src/learn/kernels/kernels-wasm.ts'

/** Whether the compiler is there: it is a development dependency that only those who change the kernels need. */
export function hasKernelCompiler(root: string): boolean {
  return existsSync(path.join(root, 'node_modules/assemblyscript/package.json'))
}

/** Both forms of the module: its memory is one thread's own, or shared by several. A module takes memory of one kind only. */
export interface KernelBytes {
  readonly own: Uint8Array
  readonly shared: Uint8Array
}

/**
 * Compiles the kernels from AssemblyScript to WebAssembly: no runtime, no start-up code, the memory handed in by the host.
 * The same sources and compiler give the same bytes.
 * @throws when the compiler finds a fault
 */
export async function compileKernels(root: string): Promise<KernelBytes> {
  return {
    own: await compile(root, []),
    shared: await compile(root, ['--enable', 'threads', '--sharedMemory', '--maximumMemory', '65536']),
  }
}

async function compile(root: string, more: readonly string[]): Promise<Uint8Array> {
  const { default: asc } = await import('assemblyscript/asc')
  let bytes: Uint8Array | null = null
  const options = ['--runtime', 'stub', '--importMemory', '--noAssert', '--enable', 'simd', '-O3', ...more]
  const { error, stderr } = await asc.main([ENTRY, '--outFile', 'kernels.wasm', '--baseDir', root, ...options], {
    writeFile: (name: string, contents: Uint8Array | string) => {
      if (name === 'kernels.wasm' && typeof contents !== 'string') bytes = contents
    },
  })
  if (error || bytes === null) throw new Error(`The kernels do not compile: ${error?.message ?? ''}\n${stderr}`)
  return bytes
}

/** The generated module that holds the bytes. */
export function kernelsModule({ own, shared }: KernelBytes): string {
  return [
    '// Made by `npm run build:kernels` from assembly/; not edited by hand.',
    '',
    `/** The kernels as WebAssembly, ${own.length} bytes, in base64. */`,
    'export const KERNELS_BASE64 =',
    ...base64Lines(own),
    '',
    `/** The same for a memory that threads share, ${shared.length} bytes. */`,
    'export const SHARED_KERNELS_BASE64 =',
    ...base64Lines(shared),
    '',
  ].join('\n')
}

function base64Lines(bytes: Uint8Array): string[] {
  const lines =
    Buffer.from(bytes)
      .toString('base64')
      .match(/.{1,110}/g) ?? []
  return lines.map((line, i) => `  '${line}'${i + 1 < lines.length ? ' +' : ''}`)
}
