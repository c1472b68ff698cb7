import { readFileSync } from 'node:fs'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { afterAll, describe, expect, test, vi } from 'vitest'
import { RunEventShape } from '../../src/pipeline/open-lineage/testing/event-shapes.ts'
import { bellwether, startBellwether, temporaryFolder } from '../support/cli.ts'
import { makePupils, writePupilsProject } from '../support/pupils.ts'

const { folder, remove } = temporaryFolder()
afterAll(remove)
vi.setConfig({ testTimeout: 600_000 })

const OPTIONS = 'models: [baseline, logistic-regression]\nsearch: { trials: 1, folds: 2 }\n'
const told = (events: RunEventShape[]) => events.map(({ eventType, job }) => `${eventType} ${job.name}`)
const inFile = (project: string) =>
  readFileSync(path.join(project, 'lineage.ndjson'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => RunEventShape.parse(JSON.parse(line)))

describe('a run tells OpenLineage', () => {
  test('its steps, to a file and to the address of the environment, under the id that it has here', async () => {
    const bodies: RunEventShape[] = []
    const server = http.createServer((request, response) => {
      let text = ''
      request.on('data', (part) => {
        text += part
      })
      request.on('end', () => {
        bodies.push(RunEventShape.parse(JSON.parse(text)))
        response.writeHead(201).end()
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const project = writePupilsProject(
      path.join(folder, 'told'),
      makePupils(120),
      `${OPTIONS}lineage: { openLineage: { file: lineage.ndjson } }\n`,
    )
    const env = { OPENLINEAGE_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
    const { status, stdout, stderr } = await bellwether(['run', project, '--json'], { env, timeoutMs: 300_000 })
    server.close()
    expect(status, stderr).toBe(0)
    const events = inFile(project)
    expect(bodies).toEqual(events)
    expect(told(events)).toEqual([
      'START pupils',
      'START pupils.read',
      'COMPLETE pupils.read',
      'RUNNING pupils',
      'START pupils.search',
      'COMPLETE pupils.search',
      ...['refit', 'blend', 'evaluate', 'figures', 'register'].flatMap((step) => [
        `START pupils.${step}`,
        `COMPLETE pupils.${step}`,
      ]),
      'COMPLETE pupils',
    ])
    const { runId } = JSON.parse(stdout) as { runId: string }
    expect(events[0]!.run.runId.replaceAll('-', '')).toBe(runId)
    expect(events.at(-1)!.outputs[0]).toMatchObject({ name: 'pupils.model' })
    expect(JSON.stringify(events)).not.toMatch(/P00\d\d\d/)
  })

  test('and neither fails nor waits where nobody takes the events', async () => {
    const project = writePupilsProject(path.join(folder, 'refused'), makePupils(120), OPTIONS)
    const env = { OPENLINEAGE_URL: 'http://127.0.0.1:9' }
    const { status, stderr } = await bellwether(['run', project, '--json'], { env, timeoutMs: 300_000 })
    expect(status, stderr).toBe(0)
    expect(stderr.match(/OpenLineage events can't be sent/g)).toHaveLength(1)
  })

  test('that it was stopped', async () => {
    const project = writePupilsProject(
      path.join(folder, 'stopped'),
      makePupils(400),
      'models: [gradient-boosting]\nsearch: { trials: 500, folds: 5 }\nlineage: { openLineage: { file: lineage.ndjson, namespace: school } }\n',
    )
    const child = startBellwether(['run', project])
    let log = ''
    child.stderr.on('data', (part) => {
      log += part
    })
    const ended = new Promise((resolve) => child.on('close', resolve))
    await vi.waitUntil(() => log.includes('search  '), { timeout: 120_000, interval: 50 })
    child.kill('SIGINT')
    await ended
    const events = inFile(project)
    expect(told(events).slice(-2)).toEqual(['ABORT pupils.search', 'ABORT pupils'])
    expect(new Set(events.map(({ job }) => job.namespace))).toEqual(new Set(['school']))
  })
})
