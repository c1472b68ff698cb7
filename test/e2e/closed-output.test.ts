import { spawn } from 'node:child_process'
import { existsSync, openSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { ROOT } from '../support/cli.ts'

const BIN = path.join(ROOT, 'bin/bellwether.js')

/** Ends with a stream of the command closed by its reader, or going to a device that is full. */
async function bellwether(args: readonly string[], outputs: { stdout: 'gone' | 'full'; stderr?: 'gone' }) {
  const child = spawn(process.execPath, [BIN, ...args], {
    stdio: ['ignore', outputs.stdout === 'full' ? openSync('/dev/full', 'w') : 'pipe', 'pipe'],
  })
  let stderr = ''
  child.stderr?.on('data', (chunk) => {
    stderr += chunk
  })
  child.stdout?.destroy()
  if (outputs.stderr === 'gone') child.stderr?.destroy()
  const status = await new Promise<number | null>((resolve) => child.on('close', resolve))
  return { status, stderr }
}

describe('a command whose reader has gone', () => {
  test.each([[['schema']], [['--help']], [['schema', '--help']]])(
    'ends quietly with its own status: %j',
    async (args) => {
      expect(await bellwether(args, { stdout: 'gone' })).toEqual({ status: 0, stderr: '' })
    },
  )

  test('keeps its status where its complaints have no reader either', async () => {
    const { status } = await bellwether(['run', '/nowhere'], { stdout: 'gone', stderr: 'gone' })
    expect(status).toBe(2)
  })
})

describe.runIf(existsSync('/dev/full'))('results that cannot be written', () => {
  test('are one message and status 2', async () => {
    const { status, stderr } = await bellwether(['schema'], { stdout: 'full' })
    expect(status).toBe(2)
    expect(stderr).toMatch(/^DISK_FULL: .*standard output.*\nWhat to do: .*\n$/)
  })
})
