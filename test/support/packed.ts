import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { ROOT } from './cli.ts'

export interface PackedProgram {
  /** A project folder in whose `node_modules` the package and its dependencies lie, and nothing else. */
  readonly folder: string
  /** The command as npm would link it. */
  readonly bin: string
  /** Names of the files in the tarball. */
  readonly files: readonly string[]
  /** package.json of the copy of the checkout that was packed, before and after. */
  readonly manifests: readonly [string, string]
  remove(): void
}

/**
 * Packs a copy of this checkout with `npm pack` and unpacks the tarball as an installation would, without asking a registry:
 * the dependencies are linked to those of the checkout, the development dependencies are absent.
 */
export async function packAndUnpack(): Promise<PackedProgram> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'bellwether-packed-'))
  const remove = () => rmSync(folder, { recursive: true, force: true })
  try {
    const checkout = path.join(folder, 'checkout')
    cpSync(ROOT, checkout, { recursive: true, filter: isOfCheckout })
    symlinkSync(path.join(ROOT, 'node_modules'), path.join(checkout, 'node_modules'), 'junction')
    const before = readFileSync(path.join(checkout, 'package.json'), 'utf8')
    const run = promisify(execFile)
    const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', folder], {
      cwd: checkout,
      shell: process.platform === 'win32',
      maxBuffer: 64 * 2 ** 20,
    })
    const files = filesOf(stdout)
    const after = readFileSync(path.join(checkout, 'package.json'), 'utf8')

    const manifest = JSON.parse(before) as { version: string; dependencies: Record<string, string> }
    const modules = path.join(folder, 'app/node_modules')
    const installed = path.join(modules, 'bellwether')
    mkdirSync(installed, { recursive: true })
    const tarball = path.join(folder, `bellwether-${manifest.version}.tgz`)
    await run('tar', ['-xzf', tarball, '--strip-components=1', '-C', installed])
    for (const name of Object.keys(manifest.dependencies)) {
      mkdirSync(path.dirname(path.join(modules, name)), { recursive: true })
      symlinkSync(path.join(ROOT, 'node_modules', name), path.join(modules, name), 'junction')
    }
    const app = path.join(folder, 'app')
    writeFileSync(path.join(app, 'package.json'), '{ "type": "module" }\n')
    return { folder: app, bin: path.join(installed, 'bin/bellwether.js'), files, manifests: [before, after], remove }
  } catch (error) {
    remove()
    throw error
  }
}

/** What a fresh clone has, and the dashboard as it was built, so that it need not be built again. */
function isOfCheckout(source: string): boolean {
  const name = path.relative(ROOT, source).split(path.sep).join('/')
  if (name === 'dist' || name === '.git' || name.startsWith('.git/')) return false
  return !/(^|\/)(node_modules|\.bellwether|coverage|\.venv[^/]*)$|^bench\/\.data$|^dashboard\/dist-/.test(name)
}

/** npm prints what its scripts print before the document: the document is the last thing. */
function filesOf(stdout: string): string[] {
  const document = JSON.parse(stdout.slice(stdout.search(/^[[{]/m))) as unknown
  // npm 10 and 11 print a list of packages, npm 12 a map from name to package.
  const [packed] = Object.values(document as Record<string, { files: { path: string }[] }>)
  return packed!.files.map((file) => file.path)
}
