import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parseProject } from './load-project.ts'
import { loadProjectData } from './load-project-data.ts'

let folder = ''
let file = ''
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'bellwether-project-data-'))
  file = path.join(folder, 'table.csv')
  const rows = Array.from({ length: 60 }, (_, i) => `${i % 7},${(i * 37) % 50}`)
  await writeFile(file, `age,grade\n${rows.join('\n')}\n`)
})
afterAll(() => rm(folder, { recursive: true, force: true }))

test('an expression as target needs no column of its name', async () => {
  const project = parseProject('name: p\ntask: classification\ndata: { target: grade >= 25 }\n')
  expect(await loadProjectData(project, file)).toMatchObject({ nRows: 60, nRejected: 0 })
})

test('the task decides what kind the target is, so that every command makes the same version', async () => {
  const load = async (task: string) =>
    loadProjectData(parseProject(`name: p\ntask: ${task}\ndata: { target: grade }\n`), file)
  const [classes, numbers] = [await load('classification'), await load('regression')]
  const kind = (dataset: typeof classes) => dataset.schema.columns.find(({ name }) => name === 'grade')?.kind
  expect([kind(classes), kind(numbers)]).toEqual(['category', 'number'])
  expect(classes.id).not.toBe(numbers.id)
})
