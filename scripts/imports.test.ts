import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const root = path.resolve(import.meta.dirname, '..')

/** A small house in which each file breaks one rule: file -> its content and the rule that must name it. */
const VIOLATIONS: Record<string, { source: string; rule: string }> = {
  'src/table/looks-up.ts': {
    source: `import { fit } from '../learn/fit.ts'\nexport const a = fit\n`,
    rule: 'one-way-table',
  },
  'src/features/looks-up.ts': {
    source: `import type { Run } from '../track/run.ts'\nexport type A = Run\n`,
    rule: 'one-way-features',
  },
  'src/serve/looks-up.ts': {
    source: `import { app } from '../server/app.ts'\nexport const a = app\n`,
    rule: 'one-way-serve',
  },
  'src/version.ts': {
    source: `import { fit } from './learn/fit.ts'\nexport const a = fit\n`,
    rule: 'root-files-import-nothing',
  },
  'src/newcomer/a.ts': {
    source: `import { fit } from '../learn/fit.ts'\nexport const a = fit\n`,
    rule: 'no-unknown-folder',
  },
  'src/learn/circle-a.ts': {
    source: `import { b } from './circle-b.ts'\nexport const a = () => b\n`,
    rule: 'no-circular',
  },
  'src/learn/reads-file.ts': {
    source: `import { readFileSync } from 'node:fs'\nexport const a = readFileSync\n`,
    rule: 'pure-imports-no-builtin',
  },
  'src/evaluate/takes-package.ts': {
    source: `import yaml from 'yaml'\nexport const a = yaml\n`,
    rule: 'pure-imports-no-package',
  },
  'src/evaluate/takes-version.ts': {
    source: `import { a } from '../version.ts'\nexport const b = a\n`,
    rule: 'pure-imports-no-version',
  },
  'src/server/takes-store.ts': {
    source: `import { open } from '../store/open.ts'\nexport const a = open\n`,
    rule: 'only-the-rim-knows-the-store',
  },
  'src/report/takes-test.ts': {
    source: `import { a } from '../learn/fit.test.ts'\nexport const b = a\n`,
    rule: 'no-test-code-in-the-product',
  },
  'src/report/takes-dev.ts': {
    source: `import dev from 'dev-only'\nexport const a = dev\n`,
    rule: 'no-development-dependency-in-the-product',
  },
  'src/report/takes-unlisted.ts': {
    source: `import x from 'unlisted'\nexport const a = x\n`,
    rule: 'no-unlisted-package',
  },
  'src/report/leads-nowhere.ts': {
    source: `import { a } from './no-such-file.ts'\nexport const b = a\n`,
    rule: 'nothing-unresolvable',
  },
  'dashboard/src/features/runs/a.ts': {
    source: `import { b } from '../models/b.ts'\nexport const a = b\n`,
    rule: 'dashboard-features-stay-apart',
  },
  'dashboard/src/features/models/up.ts': {
    source: `import { c } from '../../app/c.ts'\nexport const a = c\n`,
    rule: 'dashboard-runs-one-way',
  },
  'dashboard/src/components/a.ts': {
    source: `import { b } from '../features/models/b.ts'\nexport const a = b\n`,
    rule: 'dashboard-shared-knows-no-feature',
  },
  'dashboard/src/app/takes-code.ts': {
    source: `import { fit } from '../../../src/learn/fit.ts'\nexport const a = fit\n`,
    rule: 'dashboard-takes-types-alone',
  },
}

/** Files that keep every rule. */
const LAWFUL: Record<string, string> = {
  'package.json': JSON.stringify({
    name: 'house',
    dependencies: { zod: '1.0.0', yaml: '1.0.0' },
    devDependencies: { 'dev-only': '1.0.0' },
  }),
  'src/errors.ts': 'export const ERRORS = {}\n',
  'src/learn/fit.ts': `import { z } from 'zod'\nimport { ERRORS } from '../errors.ts'\nexport const fit = [z, ERRORS]\n`,
  'src/learn/fit.test.ts': `import { readFileSync } from 'node:fs'\nimport { open } from '../store/open.ts'\nexport const a = [readFileSync, open]\n`,
  'src/learn/circle-b.ts': `import { a } from './circle-a.ts'\nexport const b = () => a\n`,
  'src/track/run.ts': `export interface Run { id: string }\n`,
  'src/store/open.ts': `import type { Run } from '../track/run.ts'\nexport const open = (run: Run) => run\n`,
  'src/server/app.ts': `import { fit } from '../learn/fit.ts'\nexport const app = fit\n`,
  'src/cli/start.ts': `import { open } from '../store/open.ts'\nimport { app } from '../server/app.ts'\nexport const start = [open, app]\n`,
  'dashboard/src/features/models/b.ts': `import type { Run } from '../../../../src/track/run.ts'\nexport const b = (run: Run) => run\n`,
  'dashboard/src/app/c.ts': `import { b } from '../features/models/b.ts'\nexport const c = b\n`,
  'dashboard/src/main.tsx': `import { c } from './app/c.ts'\nexport const d = c\n`,
  ...Object.fromEntries(
    ['zod', 'yaml', 'dev-only', 'unlisted'].flatMap((name) => [
      [`node_modules/${name}/package.json`, JSON.stringify({ name, version: '1.0.0', main: 'index.js' })],
      [`node_modules/${name}/index.js`, 'module.exports = {}\n'],
    ]),
  ),
}

interface Violation {
  readonly from: string
  readonly rule: { readonly name: string }
}

/** Runs the checker as `npm run imports` does, over the house in `folder`. */
async function check(folder: string): Promise<Violation[]> {
  const checker = path.join(root, 'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs')
  const args = [
    checker,
    '--config',
    path.join(root, '.dependency-cruiser.cjs'),
    '--output-type',
    'json',
    'src',
    'dashboard/src',
  ]
  const run = await promisify(execFile)(process.execPath, args, { cwd: folder, maxBuffer: 64 * 2 ** 20 })
  return (JSON.parse(run.stdout) as { summary: { violations: Violation[] } }).summary.violations
}

describe('the import rules', () => {
  let folder = ''
  let violations: Violation[] = []

  beforeAll(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'bellwether-imports-'))
    for (const [name, source] of Object.entries({ ...LAWFUL, ...mapValues(VIOLATIONS) })) {
      mkdirSync(path.dirname(path.join(folder, name)), { recursive: true })
      writeFileSync(path.join(folder, name), source)
    }
    violations = await check(folder)
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  test.each(Object.entries(VIOLATIONS))('%s is refused', (file, { rule }) => {
    expect(violations.filter((violation) => violation.from === file).map((violation) => violation.rule.name)).toContain(
      rule,
    )
  })

  test('a file that keeps the rules is not named', () => {
    const named = violations.filter((violation) => violation.from in LAWFUL && violation.rule.name !== 'no-circular')
    expect(named).toEqual([])
  })

  test('the command ends with an error status when a rule is broken', async () => {
    const checker = path.join(root, 'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs')
    const args = [checker, '--config', path.join(root, '.dependency-cruiser.cjs'), 'src', 'dashboard/src']
    await expect(promisify(execFile)(process.execPath, args, { cwd: folder })).rejects.toMatchObject({
      code: expect.any(Number),
    })
  })
})

function mapValues(violations: typeof VIOLATIONS): Record<string, string> {
  return Object.fromEntries(Object.entries(violations).map(([file, { source }]) => [file, source]))
}
