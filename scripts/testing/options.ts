import { parseArgs } from 'node:util'

/** The steps of `npm test`, in their order. */
export const STEPS = ['types', 'lint', 'imports', 'unit', 'browser'] as const
export type Step = (typeof STEPS)[number]

export interface TestOptions {
  readonly only: readonly Step[]
  /** Parts of file names, handed to Vitest. */
  readonly files: readonly string[]
}

/** Reads `npm test -- --only unit,browser [part of a file name…]`. @throws Error naming the steps for an unknown one. */
export function parseTestOptions(args: readonly string[]): TestOptions {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: { only: { type: 'string' } },
    allowPositionals: true,
  })
  if (values.only === undefined) return { only: STEPS, files: positionals }
  const names = values.only.split(',').map((name) => name.trim())
  const unknown = names.filter((name) => !(STEPS as readonly string[]).includes(name))
  if (unknown.length > 0) throw new Error(`--only ${unknown.join(',')}: expected some of ${STEPS.join(', ')}.`)
  return { only: STEPS.filter((step) => names.includes(step)), files: positionals }
}
