import { describe, expect, test } from 'vitest'
import type { ModelManifest } from '../packaging/manifest.ts'
import { compareFiles, compareManifests, verdictOf } from './compare-packages.ts'
import { reasonsOf } from './reproduction-reasons.ts'

const hash = (digit: string) => `sha256:${digit.repeat(64)}`
const file = (path: string, digit: string) => ({ path, hash: hash(digit), sizeBytes: 10 })

const manifest = {
  formatVersion: 2,
  bellwetherVersion: '0.1.0',
  name: 'pupils',
  task: 'classification',
  estimator: 'baseline',
  params: { alpha: 0.5 },
  seed: 42,
  dataset: { id: hash('d'), rows: 300 },
  rows: { train: 240, test: 60 },
  code: { commit: 'a'.repeat(40), dirty: false },
  dependencies: { zod: '4.1.0', yaml: '2.8.0' },
  node: '24.0.0',
  metrics: { f1_macro: 0.5 },
  gates: [],
  conformal: null,
  project: { search: { seed: 42 }, data: { source: 'https://user:secret@example.org/a.csv' } },
  licence: '',
  intendedUse: '',
  notes: [],
  files: [],
} satisfies ModelManifest

const now = {
  bellwether: '0.1.0',
  node: '24.0.0',
  platform: 'linux-x64, 2 cores',
  git: null,
  dependencies: manifest.dependencies,
}
const run = { tags: { 'bellwether.platform': 'linux-x64, 64 cores' } }

describe('two packages', () => {
  test('with the same bytes are identical, whoever signed them', () => {
    const files = compareFiles(
      [file('manifest.json', 'a'), file('model.json', 'b'), file('manifest.sig', 'c')],
      [file('model.json', 'b'), file('manifest.json', 'a')],
    )
    expect(files.map(({ path, same }) => [path, same])).toEqual([
      ['manifest.json', true],
      ['model.json', true],
    ])
    expect(verdictOf(files, [])).toBe('identical')
    expect(reasonsOf({ verdict: 'identical', differences: [], manifest, run, now })).toEqual([])
  })

  test('that differ in the program alone hold the same model, and the reason names the program', () => {
    const again = { ...manifest, node: '24.1.0', dependencies: { zod: '4.2.0', yaml: '2.8.0' } }
    const differences = compareManifests(manifest, again)
    expect(differences).toEqual([
      { path: 'dependencies.zod', was: '"4.1.0"', now: '"4.2.0"' },
      { path: 'node', was: '"24.0.0"', now: '"24.1.0"' },
    ])
    const files = compareFiles(
      [file('manifest.json', 'a'), file('model.json', 'b')],
      [file('manifest.json', 'e'), file('model.json', 'b')],
    )
    const verdict = verdictOf(files, differences)
    expect(verdict).toBe('same-model')
    const changed = { ...now, node: '24.1.0', dependencies: again.dependencies }
    expect(reasonsOf({ verdict, differences, manifest, run, now: changed })).toEqual([
      'Node.js was 24.0.0, and is 24.1.0 now.',
      'zod was 4.1.0, and is 4.2.0 now.',
    ])
  })

  test('of other options differ, and a place that may hold a password is named without it', () => {
    const project = { search: { seed: 43 }, data: { source: 'https://user:other@example.org/a.csv' } }
    const differences = compareManifests(manifest, { ...manifest, seed: 43, project })
    expect(differences).toEqual([
      { path: 'project.data.source', was: '…', now: '…' },
      { path: 'project.search.seed', was: '42', now: '43' },
      { path: 'seed', was: '42', now: '43' },
    ])
    const files = compareFiles([file('manifest.json', 'a')], [file('manifest.json', 'e')])
    const verdict = verdictOf(files, differences)
    expect(verdict).toBe('different')
    const elsewhere = { ...now, git: { commit: 'b'.repeat(40), dirty: false } }
    expect(reasonsOf({ verdict, differences, manifest, run, now: elsewhere })).toEqual([
      `The commit of the project's folder was ${'a'.repeat(40)}, and is ${'b'.repeat(40)} now.`,
      'Options differ: data.source, search.seed.',
    ])
  })

  test('of which one has a file more differ', () => {
    const files = compareFiles([file('manifest.json', 'a')], [file('manifest.json', 'a'), file('extra.json', 'b')])
    expect(files[0]).toEqual({
      path: 'extra.json',
      same: false,
      expected: null,
      rebuilt: { hash: hash('b'), sizeBytes: 10 },
    })
    expect(verdictOf(files, [])).toBe('different')
  })

  test('that differ although nothing else does are said to be a fault', () => {
    const files = compareFiles([file('model.json', 'a')], [file('model.json', 'b')])
    const [reason] = reasonsOf({ verdict: verdictOf(files, []), differences: [], manifest, run, now })
    expect(reason).toMatch(/No reason is known/)
  })
})
