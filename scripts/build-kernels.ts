/** `npm run build:kernels`: compiles src/learn/kernels/assembly and writes the bytes into src/learn/kernels. */
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { compileKernels, hasKernelCompiler, KERNELS_FILE, kernelsModule } from './kernels/compile.ts'

const root = path.resolve(import.meta.dirname, '..')

if (!hasKernelCompiler(root))
  throw new Error('Building the kernels needs the development dependencies: run `npm ci` first.')
const bytes = await compileKernels(root)
writeFileSync(path.join(root, KERNELS_FILE), kernelsModule(bytes))
process.stdout.write(`${KERNELS_FILE}: ${bytes.own.length} and ${bytes.shared.length} bytes\n`)
