import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, describe, expect, test, vi } from 'vitest'
import type { VersionsDiff } from '../../src/pipeline/diff-versions.ts'
import { bellwether, temporaryFolder } from '../support/cli.ts'
import { startServing } from '../support/served.ts'

vi.setConfig({ testTimeout: 240_000 })
const { folder, remove } = temporaryFolder()
afterAll(remove)

async function ours(...args: string[]): Promise<string> {
  const { status, stdout, stderr } = await bellwether(args, { cwd: folder })
  expect(status, stderr).toBe(0)
  return stdout
}

/** Keeps a table as a version of the project. @returns its id */
async function add(rows: string): Promise<string> {
  writeFileSync(path.join(folder, 'pupils.csv'), `pupil,mark,passed\n${rows}`)
  return (JSON.parse(await ours('data', 'add', '.', '--json')) as { id: string }).id
}

describe('versions of a project that names an id column', () => {
  test('are compared by it without being asked to, and what it took is said', async () => {
    writeFileSync(
      path.join(folder, 'bellwether.yaml'),
      'name: pupils\ntask: classification\ndata:\n  source: pupils.csv\n  target: passed\n  id: pupil\n',
    )
    const one = await add('P1,4,yes\nP2,5,no\nP3,6,no\n')
    const two = await add('P1,4,yes\nP2,6,no\nP4,6,no\n')
    const diff = JSON.parse(await ours('data', 'diff', one, two, '--json')) as VersionsDiff
    const byId = { id: 'pupil', added: 1, removed: 1, changed: 1, unchanged: 1 }
    expect(diff).toMatchObject({ idFrom: 'project', unusableId: null, table: { rows: byId } })
    expect(await ours('data', 'diff', one, two)).toContain('by pupil (data.id of the project): 1 added')
    expect(await ours('data', 'diff', one, two, '--id', 'pupil')).toContain('by pupil: 1 added')
    expect(await ours('data', 'diff', one, two, '--by-content')).toContain(
      'by content: 2 added, 2 removed, 1 unchanged',
    )
    const both = await bellwether(['data', 'diff', one, two, '--id', 'pupil', '--by-content'], { cwd: folder })
    expect(both.status).not.toBe(0)

    const server = await startServing(['serve', '--home', path.join(folder, '.bellwether')])
    try {
      const route = `/api/v1/datasets/${one}/diff/${two}`
      expect(await server.get(route)).toMatchObject({ status: 200, body: { idFrom: 'project', table: { rows: byId } } })
      expect(await server.get(`${route}?byContent=true`)).toMatchObject({
        status: 200,
        body: { idFrom: null, unusableId: null, table: { rows: { id: null, added: 2, changed: null } } },
      })
      expect(await server.get(`${route}?byContent=true&id=pupil`)).toMatchObject({ status: 400 })
    } finally {
      await server.stop()
    }
  })

  test('are compared by content where the column cannot tell rows apart, unless it is asked for', async () => {
    const one = await add('P1,4,yes\nP1,5,no\nP3,6,no\n')
    const two = await add('P1,4,yes\nP2,6,no\nP4,6,no\n')
    expect(await ours('data', 'diff', one, two)).toContain(
      'by content (data.id pupil is missing or comes twice): 2 added, 2 removed, 1 unchanged',
    )
    const asked = await bellwether(['data', 'diff', one, two, '--id', 'pupil'], { cwd: folder })
    expect(asked.stderr).toContain('a value twice')
  })
})
