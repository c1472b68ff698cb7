import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import os from 'node:os'
import { promisify } from 'node:util'
import { VERSION } from '../version.ts'

const run = promisify(execFile)

/** What made a run, besides data, seed and params. */
export interface Provenance {
  readonly bellwether: string
  readonly node: string
  readonly platform: string
  /** Commit of the folder that holds the project file, where it is in git. */
  readonly git: { readonly commit: string; readonly dirty: boolean } | null
  /** Exact versions of the packages that this program depends on. */
  readonly dependencies: Readonly<Record<string, string>>
}

export async function provenance(projectFolder: string): Promise<Provenance> {
  const manifest = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8')) as {
    dependencies: Record<string, string>
  }
  return {
    bellwether: VERSION,
    node: process.versions.node,
    platform: `${process.platform}-${process.arch}, ${os.availableParallelism()} cores`,
    git: await gitState(projectFolder),
    dependencies: manifest.dependencies,
  }
}

/** What made a run, as its tags say it. */
export function provenanceTags({ bellwether, node, platform, dependencies, git }: Provenance): Record<string, string> {
  return {
    'bellwether.version': bellwether,
    'bellwether.node': node,
    'bellwether.platform': platform,
    'bellwether.dependencies': JSON.stringify(dependencies),
    ...(git ? { 'bellwether.git.commit': git.commit, 'bellwether.git.dirty': String(git.dirty) } : {}),
  }
}

async function gitState(folder: string): Promise<Provenance['git']> {
  const git = async (...args: string[]) => (await run('git', ['-C', folder, ...args], { timeout: 5000 })).stdout.trim()
  try {
    return {
      commit: await git('rev-parse', 'HEAD'),
      dirty: (await git('status', '--porcelain', '--untracked-files=no')) !== '',
    }
  } catch {
    return null // no git, no repository, or no commit yet: the run says null
  }
}

/** Names this process, so that another can tell whether a run's owner still lives: `host:pid:start`. */
export function processTag(): string {
  return `${os.hostname()}:${process.pid}:${startOfThisProcess()}`
}

/** Whether the process of a tag may still live. One on another host is taken to live; a process number used again is told apart by its start. */
export function processIsAlive(tag: string): boolean {
  const match = /^(.*):(\d+):(\d+)$/.exec(tag)
  if (!match || match[1] !== os.hostname()) return true
  const pid = Number(match[2])
  if (pid === process.pid) return Math.abs(Number(match[3]) - startOfThisProcess()) < SAME_START_MS
  try {
    process.kill(pid, 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false
  }
  const started = startOfProcess(pid)
  return started === null || Math.abs(Number(match[3]) - started) < SAME_START_MS
}

const SAME_START_MS = 10_000
const startOfThisProcess = () => Math.round(Date.now() - process.uptime() * 1000)

/** Start of a process in ms since 1970, from Linux's /proc (clock ticks of 1/100 s since boot); null elsewhere. */
function startOfProcess(pid: number): number | null {
  try {
    const ticks = Number(
      readFileSync(`/proc/${pid}/stat`, 'utf8')
        .replace(/^.*\) /s, '')
        .split(' ')[19],
    )
    const boot = Number(/^btime (\d+)$/m.exec(readFileSync('/proc/stat', 'utf8'))?.[1])
    const started = boot * 1000 + ticks * 10
    return Number.isFinite(started) ? started : null
  } catch {
    return null
  }
}
