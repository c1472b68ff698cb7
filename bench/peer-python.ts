import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const PEERS = fileURLToPath(new URL('peers/requirements.txt', import.meta.url))

/**
 * The peers' Python with the packages of a list from PyPI, made on first use and when the list changes.
 * @param name Of the virtual environment's folder: packages that want different versions of others have environments of their own.
 */
export function peerPython(name = '.venv', requirements: string = PEERS): string {
  const folder = fileURLToPath(new URL(name, import.meta.url))
  const binary = path.join(folder, process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python')
  const installed = path.join(folder, 'installed.txt')
  const wanted = readFileSync(requirements, 'utf8')
  if (existsSync(installed) && readFileSync(installed, 'utf8') === wanted) return binary
  console.error(`installing the peers from PyPI into bench/${name}`)
  const quiet = { stdio: ['ignore', 'ignore', 'inherit'] as ('ignore' | 'inherit')[] }
  if (!existsSync(binary)) execFileSync('python3', ['-m', 'venv', folder], quiet)
  execFileSync(binary, ['-m', 'pip', 'install', '--quiet', '-r', requirements], quiet)
  writeFileSync(installed, wanted)
  return binary
}
