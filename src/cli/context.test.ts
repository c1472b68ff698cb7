import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { temporaryFolder } from '../../test/support/cli.ts'
import { DATABASE_URL_VARIABLE, homeFolder, homesBelow, reasonGiven, wholeNumber } from './context.ts'

describe('where state lives', () => {
  const checkout = path.resolve('/code/bellwether/examples')
  afterEach(() => vi.unstubAllEnvs())
  const installed = path.resolve('/code/app/node_modules/bellwether/examples')

  test('is the folder that --home names', () => {
    expect(homeFolder({ home: 'here' }, '/project', installed)).toBe(path.resolve('here'))
  })

  test('is a database that --home or the environment names, with the folder for its blobs', () => {
    const url = 'postgres://ana:secret@db.example/models'
    const withBlobs = (folder: string) => `${url}?blobs=${encodeURIComponent(path.resolve(folder))}`
    expect(homeFolder({ home: url }, path.resolve('/project'))).toBe(withBlobs('/project/.bellwether'))
    vi.stubEnv(DATABASE_URL_VARIABLE, url)
    expect(homeFolder({ home: 'here' })).toBe(withBlobs('here'))
    expect(homeFolder({})).toBe(withBlobs('.bellwether'))
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

test('homes of projects below a folder are found, but not those of installed packages', () => {
  const { folder, remove } = temporaryFolder()
  try {
    for (const place of ['examples/risk', 'grades', 'node_modules/bellwether', 'too/deep/down']) {
      mkdirSync(path.join(folder, place, '.bellwether'), { recursive: true })
      writeFileSync(path.join(folder, place, '.bellwether/bellwether.db'), '')
    }
    expect(homesBelow(folder)).toEqual([path.join('examples/risk/.bellwether'), path.join('grades/.bellwether')])
  } finally {
    remove()
  }
})

describe('what is typed', () => {
  test.each(['0x50', '1e3', ' 80', '+80', '8_0', '80.0', '-1', '65536', 'http'])('%j is no port', (port) => {
    expect(() => wholeNumber({ port }, 'port', 0, 65_535)).toThrow(expect.objectContaining({ code: 'USAGE' }))
  })

  test('plain digits are a number', () => {
    expect(wholeNumber({ port: '8000' }, 'port', 0, 65_535)).toBe(8000)
    expect(wholeNumber({}, 'port', 0, 65_535)).toBeUndefined()
  })

  test('a reason for moving an alias may be left out, not be empty', () => {
    expect(reasonGiven({})).toBe('no reason given')
    for (const reason of ['', '  '])
      expect(() => reasonGiven({ reason })).toThrow(expect.objectContaining({ code: 'USAGE' }))
    expect(reasonGiven({ reason: ' better ' })).toBe('better')
  })
})
