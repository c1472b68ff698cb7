import { expect, test } from 'vitest'
import { BellwetherError } from '../errors.ts'
import { parseProject } from './load-project.ts'
import { projectJsonSchema } from './project.ts'

const GOOD = 'name: pupils\ntask: classification\ndata:\n  target: outcome\n'

function faultsOf(text: string) {
  try {
    parseProject(text)
  } catch (error) {
    if (error instanceof BellwetherError && error.code === 'PROJECT_INVALID') return error.details
    throw error
  }
  throw new Error('the project was taken')
}

test('four lines are a project, with a default for all else', () => {
  const project = parseProject(GOOD)
  expect(project.split).toEqual({ test: 0.2, stratify: true, seed: 42 })
  expect(project.search).toMatchObject({ trials: 20, folds: 5, seed: 42 })
  expect(project.models).toBeUndefined()
})

test('every fault is named with its line and column', () => {
  expect(faultsOf(`${GOOD}search:\n  trails: 5\n  folds: one\n`)).toEqual([
    { path: 'bellwether.yaml:7:10', message: expect.stringMatching(/search\.folds/) },
    { path: 'bellwether.yaml:6:3', message: 'unknown key "search.trails"; did you mean "trials"?' },
  ])
})

test('a missing key stands where its section is', () => {
  expect(faultsOf('name: pupils\ntask: classification\ndata:\n  id: number\n')).toEqual([
    { path: 'bellwether.yaml:4:3', message: expect.stringMatching(/^data\.target/) },
  ])
})

test('a word that is none of those allowed is answered with them', () => {
  expect(faultsOf(GOOD.replace('classification', 'ranking'))[0]?.message).toMatch(/classification, regression/)
  expect(faultsOf(`${GOOD}models: [forest]\n`)[0]).toMatchObject({
    path: 'bellwether.yaml:5:10',
    message: expect.stringMatching(/random-forest/),
  })
})

test('a key that is there twice and a bomb of aliases are refused', () => {
  expect(faultsOf(`${GOOD}name: again\n`)).toEqual([
    { path: 'bellwether.yaml:5:1', message: 'the key "name" is there twice' },
  ])
  const bomb = `a0: &a0 [x,x,x,x,x,x,x,x,x]\n${Array.from({ length: 9 }, (_, i) => `a${i + 1}: &a${i + 1} [${Array(9).fill(`*a${i}`).join(',')}]`).join('\n')}\n`
  expect(faultsOf(bomb)[0]?.message).toMatch(/aliases/)
})

test('a second document, and values too deep within each other, are named as what they are', () => {
  expect(faultsOf(`${GOOD}---\nname: b\n`)[0]).toEqual({
    path: 'bellwether.yaml:5:1',
    message: expect.stringMatching(/second document/),
  })
  const deep = `${GOOD}description: ${'['.repeat(20_000)}${']'.repeat(20_000)}\n`
  expect(faultsOf(deep)[0]?.message).toMatch(/too deep/)
})

test('the JSON Schema names every key that a project may have', () => {
  const schema = projectJsonSchema() as {
    properties: Record<string, unknown>
    required: string[]
    additionalProperties: boolean
  }
  expect(schema.required.sort()).toEqual(['data', 'name', 'task'])
  expect(schema.additionalProperties).toBe(false)
  expect(Object.keys(schema.properties)).toContain('features')
})
