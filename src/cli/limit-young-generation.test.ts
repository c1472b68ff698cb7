import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { MOST_YOUNG_BYTES } from './limit-young-generation.ts'

const MODULE = fileURLToPath(new URL('limit-young-generation.ts', import.meta.url))

/** The largest space for young objects, MiB, of a process that makes many, a good part of which live on for a while. */
async function largest(begin: string, options: readonly string[] = []): Promise<number> {
  const program = `
    import { getHeapSpaceStatistics } from 'node:v8'
    import { setImmediate as turn } from 'node:timers/promises'
    import { limitYoungGeneration } from ${JSON.stringify(MODULE)}
    ${begin}
    let kept = [], most = 0
    for (let i = 0; i < 3_000_000; i++) {
      kept.push({ a: i, b: [i] })
      if (kept.length > 150_000) kept = kept.slice(75_000)
      if (i % 5000 === 0) {
        await turn()
        most = Math.max(most, getHeapSpaceStatistics().find((space) => space.space_name === 'new_space').space_size)
      }
    }
    console.log(most / 2 ** 20)`
  const args = [...options, '--input-type=module', '--eval', program]
  const { stdout } = await promisify(execFile)(process.execPath, args, { env: { PATH: process.env['PATH'] } })
  return Number(stdout)
}

test('the space for young objects grows to its limit and not beyond it', async () => {
  expect(await largest('limitYoungGeneration()')).toBe(MOST_YOUNG_BYTES / 2 ** 20)
  expect(await largest('')).toBeGreaterThan(MOST_YOUNG_BYTES / 2 ** 20)
}, 120_000)

test('a space that is as large already when it is limited does not grow once more', async () => {
  const grown = `
    let early = []
    while (getHeapSpaceStatistics().find((space) => space.space_name === 'new_space').space_size < ${MOST_YOUNG_BYTES}) {
      for (let i = 0; i < 1000; i++) early.push({ a: i, b: [i] })
      if (early.length > 150_000) early = early.slice(75_000)
    }
    limitYoungGeneration()`
  expect(await largest(grown)).toBe(MOST_YOUNG_BYTES / 2 ** 20)
}, 120_000)

test('who tells Node another size is left alone', async () => {
  expect(await largest('limitYoungGeneration()', ['--max-semi-space-size=32'])).toBe(64)
}, 120_000)

test('a space that V8 made small again while little happened grows back', async () => {
  const program = `
    import { getHeapSpaceStatistics } from 'node:v8'
    import { setImmediate as turn } from 'node:timers/promises'
    import { limitYoungGeneration } from ${JSON.stringify(MODULE)}
    limitYoungGeneration()
    const mebibytes = () => getHeapSpaceStatistics().find((space) => space.space_name === 'new_space').space_size / 2 ** 20
    const sizes = []
    for (let round = 0; round < 2; round++) {
      let kept = []
      for (let i = 0; i < 1_500_000; i++) {
        kept.push({ a: i, b: [i] })
        if (kept.length > 150_000) kept = kept.slice(75_000)
        if (i % 5000 === 0) await turn()
      }
      sizes.push(mebibytes())
      kept = null
      gc({ type: 'major', flavor: 'last-resort' })
      sizes.push(mebibytes())
    }
    console.log(JSON.stringify(sizes))`
  const args = ['--expose-gc', '--input-type=module', '--eval', program]
  const { stdout } = await promisify(execFile)(process.execPath, args, { env: { PATH: process.env['PATH'] } })
  const [grown, small, again] = JSON.parse(stdout) as number[]
  // How far it grows by when depends on what other threads collect meanwhile.
  expect(small).toBeLessThan(grown!)
  expect(again).toBeGreaterThan(small!)
  expect(Math.max(grown!, again!)).toBeLessThanOrEqual(MOST_YOUNG_BYTES / 2 ** 20)
}, 120_000)
