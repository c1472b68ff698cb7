import { spawn } from 'node:child_process'
import path from 'node:path'
import { ROOT } from './cli.ts'

/** What a program printed. */
export interface PythonResult {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

/** The interpreter of an environment that `npm run test:interop` has made, by its name: `mlflow`, `mlflow-2`. */
export function pythonOf(environment: string): string {
  return path.join(ROOT, 'test/interop/.venvs', environment, 'bin/python')
}

/**
 * Runs a Python program in an environment and waits for its end. `PYTHONDONTWRITEBYTECODE` keeps the tree clean.
 * @param args The script's path and its arguments.
 */
export async function runPython(
  environment: string,
  args: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv; timeoutMs?: number } = {},
): Promise<PythonResult> {
  const child = spawn(pythonOf(environment), args, {
    cwd: options.cwd,
    env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1', ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (chunk) => {
    stdout += chunk
  })
  child.stderr.on('data', (chunk) => {
    stderr += chunk
  })
  const timer = setTimeout(() => child.kill('SIGKILL'), options.timeoutMs ?? 180_000)
  const status = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', resolve)
  })
  clearTimeout(timer)
  return { status, stdout, stderr }
}
