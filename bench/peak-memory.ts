import { spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'

export interface Measured {
  readonly stdout: string
  readonly seconds: number
  /** Largest sum of resident memory over the process and its descendants, sampled every 100 ms; null where there is no /proc. */
  readonly peakMib: number | null
}

/**
 * Runs a command in fresh processes and measures wall time and peak memory. Its standard error is passed on.
 * @param environment Variables beside those of this process.
 * @param onErrorText Called with what arrives on standard error, and the seconds since the start.
 */
export async function measure(
  command: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
  onErrorText: ((text: string, seconds: number) => void) | null = null,
): Promise<Measured> {
  const started = performance.now()
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...environment } })
  let stdout = ''
  child.stdout.on('data', (chunk) => {
    stdout += chunk
  })
  child.stderr.on('data', (chunk) => {
    process.stderr.write(chunk)
    onErrorText?.(String(chunk), (performance.now() - started) / 1000)
  })
  let peak = 0
  const timer = setInterval(() => {
    peak = Math.max(peak, treeResidentMib(child.pid!))
  }, 100)
  const status = await new Promise<number | null>((resolve) => child.on('close', resolve))
  clearInterval(timer)
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with status ${status}`)
  return { stdout, seconds: (performance.now() - started) / 1000, peakMib: peak > 0 ? Math.round(peak) : null }
}

/** Largest resident memory of this process so far, as the system counts it; null where there is no /proc. */
export function ownPeakMib(): number | null {
  try {
    return Math.round(Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) / 1024)
  } catch {
    return null
  }
}

/** Resident memory of a process and its descendants, now; 0 where there is no /proc. Pages that they share count for each. */
export function treeResidentMib(root: number): number {
  const parents = new Map<number, number>()
  const resident = new Map<number, number>()
  try {
    for (const name of readdirSync('/proc')) {
      if (!/^\d+$/.test(name)) continue
      try {
        const status = readFileSync(`/proc/${name}/status`, 'utf8')
        parents.set(Number(name), Number(/^PPid:\s+(\d+)/m.exec(status)?.[1]))
        resident.set(Number(name), Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0) / 1024)
      } catch {
        // The process ended between the listing and the look.
      }
    }
  } catch {
    return 0
  }
  const belongs = (pid: number): boolean => pid === root || (parents.has(pid) && belongs(parents.get(pid)!))
  return [...resident].reduce((sum, [pid, mib]) => sum + (belongs(pid) ? mib : 0), 0)
}
