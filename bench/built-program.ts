import { cpSync, existsSync, mkdirSync, rmSync, symlinkSync } from 'node:fs'
import path from 'node:path'
import { buildPackage } from '../scripts/build-package.ts'

const ROOT = path.resolve(import.meta.dirname, '..')
const FOLDER = path.join(import.meta.dirname, '.data/program')

/**
 * The program as `npm pack` would pack it, built from these sources: what a server's start costs, who installs the package pays.
 * @returns its command
 */
export async function builtProgram(): Promise<string> {
  console.error('building the program into bench/.data/program')
  rmSync(FOLDER, { recursive: true, force: true })
  mkdirSync(path.join(FOLDER, 'dashboard'), { recursive: true })
  for (const name of ['bin', 'package.json'])
    cpSync(path.join(ROOT, name), path.join(FOLDER, name), { recursive: true })
  for (const name of ['node_modules', 'dashboard/dist'])
    if (existsSync(path.join(ROOT, name))) symlinkSync(path.join(ROOT, name), path.join(FOLDER, name), 'junction')
  await buildPackage(ROOT, path.join(FOLDER, 'dist'))
  return path.join(FOLDER, 'bin/bellwether.js')
}
