import { copyFileSync, existsSync, readdirSync, readFileSync } from 'node:fs'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { RegisteredModel } from '../../src/track/model-registry.ts'
import type { Run } from '../../src/track/tracking-store.ts'
import { bellwether, startBellwether, temporaryFolder } from '../support/cli.ts'
import { makePupils, writePupilsProject } from '../support/pupils.ts'
import { type Served, startServing } from '../support/served.ts'

const { folder, remove } = temporaryFolder()
afterAll(remove)
const pupils = makePupils(260)

interface Ready {
  readonly status: string
  readonly models: readonly { readonly name: string; readonly version: number; readonly alias: string }[]
}

async function runsIn(home: string): Promise<Run[]> {
  const { status, stdout, stderr } = await bellwether(['runs', 'list', '--home', home, '--json'])
  expect(status, stderr).toBe(0)
  return (JSON.parse(stdout) as { runs: Run[] }).runs
}

describe('`start` on a project', () => {
  const project = writePupilsProject(path.join(folder, 'project'), pupils, 'search: { trials: 2, folds: 3 }\n')
  const home = path.join(project, '.bellwether')
  let server: Served
  beforeAll(async () => {
    server = await startServing(['start', project])
  }, 120_000)
  afterAll(async () => {
    await server?.stop()
  })

  test('trains it and serves it', async () => {
    expect((await server.get<Ready>('/health/ready')).body).toMatchObject({
      status: 'ready',
      models: [{ name: 'pupils', version: 1, alias: 'champion' }],
    })
    const answer = await server.post<{ prediction: string }>('/predict', pupils[0])
    expect(answer.status).toBe(200)
    expect(['fail', 'pass', 'repeat']).toContain(answer.body.prediction)
    expect((await server.get('/')).status).toBe(200)
  })

  test('prints a table of results, then the address', async () => {
    const { status, stdout, stderr } = await server.stop()
    expect(status).toBe(0)
    expect(stdout).toMatch(/gradient-boosting/)
    expect(stdout).toMatch(/pupils version 1.* is champion now/)
    expect(stderr).toContain(`serving   ${server.url}`)
  })

  test('a second time trains nothing and is ready in under 2 seconds', async () => {
    const measured: Started[] = []
    // The best of some: the machine may be busy with other tests.
    while (measured.length < 5 && !measured.some(({ wallMs }) => wallMs < 2000))
      measured.push(await startedWithin(['start', project]))
    const best = measured.reduce((a, b) => (a.wallMs < b.wallMs ? a : b))
    // Where far more wants to run than there are cores, waiting for one says nothing of the program; its own work does.
    const overloaded = os.loadavg()[0]! > 3 * os.availableParallelism()
    const ms = overloaded && best.processorMs !== null ? Math.min(best.wallMs, best.processorMs) : best.wallMs
    expect(ms, `measured ${JSON.stringify(measured)}`).toBeLessThan(2000)
    expect(await runsIn(home)).toHaveLength(1)
  }, 60_000)

  test('trains again when the data has changed', async () => {
    writePupilsProject(project, pupils.slice(1), 'search: { trials: 2, folds: 3 }\n')
    const again = await startServing(['start', project])
    try {
      expect((await again.get<Ready>('/health/ready')).body.models).toEqual([
        { name: 'pupils', version: 2, alias: 'champion' },
      ])
    } finally {
      await again.stop()
    }
    expect(await runsIn(home)).toHaveLength(2)

    writePupilsProject(project, pupils, 'search: { trials: 2, folds: 3 }\n')
    const { stderr } = await (await startServing(['start', project])).stop()
    expect(stderr).toMatch(/version 1 was trained on this very data already/)
    expect(stderr).toMatch(/the champion, which answers, is version 2; bellwether models promote pupils\/1/)
  }, 60_000)
})

describe('`start --data FILE --target COLUMN` on a table without a project', () => {
  const place = path.join(folder, 'table')
  beforeAll(() => {
    writePupilsProject(path.join(folder, 'source'), pupils)
    writePupilsProject(place, pupils)
    copyFileSync(path.join(folder, 'source/pupils.csv'), path.join(place, 'Autumn 2025.csv'))
  })

  test('trains, names the model after the file and serves it; a second time it trains nothing', async () => {
    const args = ['start', '--data', path.join(place, 'Autumn 2025.csv'), '--target', 'age', '--home', `${place}/home`]
    const server = await startServing(args)
    try {
      expect((await server.get<Ready>('/health/ready')).body.models).toEqual([
        { name: 'autumn-2025', version: 1, alias: 'champion' },
      ])
      const { age: _, ...inputs } = pupils[0]!
      const answer = await server.post<{ predictions: { value: number }[] }>('/predict/v2', { records: [inputs] })
      expect(answer.body.predictions[0]!.value).toBeTypeOf('number')
    } finally {
      await server.stop()
    }
    await startedWithin(args)
    expect(await runsIn(`${place}/home`)).toHaveLength(1)
    const { stdout } = await bellwether(['models', 'list', '--home', `${place}/home`, '--json'])
    expect((JSON.parse(stdout) as { models: RegisteredModel[] }).models).toMatchObject([{ latestVersion: 1 }])
  }, 120_000)
})

describe('`start` refuses with status 2, before it trains and with nothing left behind', () => {
  const project = writePupilsProject(path.join(folder, 'refused'), pupils, 'models: [baseline]\n')
  const table = path.join(project, 'pupils.csv')
  const home = path.join(folder, 'refused-home')
  const refusal = async (...args: string[]) => {
    const result = await bellwether(['start', ...args, '--home', home])
    expect(result.status, result.stderr).toBe(2)
    expect(existsSync(home)).toBe(false)
    return result.stderr
  }

  test('a table of its own without a target, and says how to name one', async () => {
    const said = await refusal('--data', table)
    expect(said).toMatch(/COLUMN_NOT_FOUND/)
    expect(said).toMatch(/--target/)
  })

  test('a target without a table, and a target beside a project', async () => {
    expect(await refusal('--target', 'age')).toMatch(/USAGE.*--data/s)
    expect(await refusal(project, '--data', table, '--target', 'age')).toMatch(/USAGE.*--target/s)
  })

  test('a port in use', async () => {
    const holder = net.createServer()
    await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve))
    const { port } = holder.address() as net.AddressInfo
    try {
      expect(await refusal(project, '--port', String(port))).toMatch(/PORT_IN_USE/)
    } finally {
      holder.close()
    }
  })

  test('an address that other machines could reach', async () => {
    expect(await refusal(project, '--host', '0.0.0.0', '--no-auth')).toMatch(/AUTH_REQUIRED_FOR_BIND/)
  })

  test('the project folder stays as it was', () => {
    expect(readdirSync(project).sort()).toEqual(['bellwether.yaml', 'pupils.csv'])
  })
})

interface Started {
  /** From the start of the process until `/health/ready` answers 200. */
  readonly wallMs: number
  /** What the process worked until then, on all cores; null where the system does not say. */
  readonly processorMs: number | null
}

async function startedWithin(args: readonly string[]): Promise<Started> {
  const port = await freePort()
  const from = performance.now()
  const child = startBellwether([...args, '--port', String(port)])
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve))
  try {
    while (child.exitCode === null) {
      const ready = await fetch(`http://127.0.0.1:${port}/health/ready`).then(
        (response) => response.status === 200,
        () => false,
      )
      if (ready) return { wallMs: Math.round(performance.now() - from), processorMs: processorMs(child.pid!) }
      await sleep(5)
    }
    throw new Error(`ended with status ${child.exitCode}`)
  } finally {
    child.kill('SIGTERM')
    await ended
  }
}

/** User and system time of a process, from Linux's /proc (in ticks of 1/100 s). */
function processorMs(pid: number): number | null {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ')
    return (Number(fields[11]) + Number(fields[12])) * 10
  } catch {
    return null
  }
}

async function freePort(): Promise<number> {
  const holder = net.createServer()
  await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve))
  const { port } = holder.address() as net.AddressInfo
  await new Promise((resolve) => holder.close(resolve))
  return port
}
