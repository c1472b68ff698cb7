import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

/** The peers' Python with the packages of peers/requirements.txt from PyPI, made on first use and when the list changes. */
export function peerPython(): string {
  const folder = fileURLToPath(new URL('.venv', import.meta.url))
  const requirements = fileURLToPath(new URL('peers/requirements.txt', import.meta.url))
  const binary = path.join(folder, process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python')
  const installed = path.join(folder, 'installed.txt')
  const wanted = readFileSync(requirements, 'utf8')
  if (existsSync(installed) && readFileSync(installed, 'utf8') === wanted) return binary
  console.error('installing the peers from PyPI into bench/.venv')
  const quiet = { stdio: ['ignore', 'ignore', 'inherit'] as ('ignore' | 'inherit')[] }
  if (!existsSync(binary)) execFileSync('python3', ['-m', 'venv', folder], quiet)
  execFileSync(binary, ['-m', 'pip', 'install', '--quiet', '-r', requirements], quiet)
  writeFileSync(installed, wanted)
  return binary
}
