import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { homeFolder } from './context.ts'

describe('where state lives', () => {
  const checkout = path.resolve('/code/bellwether/examples')
  const installed = path.resolve('/code/app/node_modules/bellwether/examples')

  test('is the folder that --home names', () => {
    expect(homeFolder({ home: 'here' }, '/project', installed)).toBe(path.resolve('here'))
  })

  test('is beside the project file', () => {
    expect(homeFolder({}, path.resolve('/project'), installed)).toBe(path.resolve('/project/.bellwether'))
    const example = path.join(checkout, 'academic-risk')
    expect(homeFolder({}, example, checkout)).toBe(path.join(example, '.bellwether'))
  })

  test('is this folder without a project, and for an example of an installed package', () => {
    expect(homeFolder({})).toBe(path.resolve('.bellwether'))
    expect(homeFolder({}, path.join(installed, 'academic-risk'), installed)).toBe(path.resolve('.bellwether'))
  })
})
