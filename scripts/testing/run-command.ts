import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

export interface CommandRun {
  readonly exitCode: number
  readonly seconds: number
}

/**
 * Runs a command and streams what it prints. With a prefix every line carries it, so that two commands at a time stay readable;
 * without one the command has the terminal to itself. A command that outlives its time is ended and counts as failed.
 */
export function runCommand(
  command: readonly string[],
  options: {
    readonly cwd: string
    readonly env?: NodeJS.ProcessEnv
    readonly prefix?: string
    readonly timeoutMs: number
  },
): Promise<CommandRun> {
  const started = performance.now()
  return new Promise((resolve) => {
    const piped = options.prefix !== undefined
    const child = spawn(command[0]!, command.slice(1), {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      stdio: piped ? ['ignore', 'pipe', 'pipe'] : ['ignore', 'inherit', 'inherit'],
    })
    for (const stream of [child.stdout, child.stderr]) {
      if (stream)
        createInterface({ input: stream }).on('line', (line) => process.stdout.write(`${options.prefix}${line}\n`))
    }
    const timer = setTimeout(() => {
      process.stdout.write(`${command.join(' ')} was ended after ${options.timeoutMs / 1000} s.\n`)
      child.kill('SIGKILL')
    }, options.timeoutMs)
    const done = (exitCode: number): void => {
      clearTimeout(timer)
      resolve({ exitCode, seconds: (performance.now() - started) / 1000 })
    }
    child.once('error', (error) => {
      process.stdout.write(`${command.join(' ')}: ${error.message}\n`)
      done(127)
    })
    child.once('close', (code) => done(code ?? 1))
  })
}
