import { describe, expect, test } from 'vitest'
import { classTarget, matrixOf, syntheticData } from '../tree/testing/synthetic.ts'
import { fitBoostedTrees } from './fit.ts'
import { gradientBoosting } from './gradient-boosting.ts'
import { GradientBoostingOptions, settle } from './options.ts'
import { PRESETS, SMALL_TABLE_ROWS } from './presets.ts'

describe('presets of boosting', () => {
  test('are chosen by the rows of the table', () => {
    const auto = GradientBoostingOptions.parse({})
    expect(settle(auto, SMALL_TABLE_ROWS - 1)).toMatchObject({ preset: 'small-data', ...PRESETS['small-data'] })
    expect(settle(auto, SMALL_TABLE_ROWS)).toMatchObject({
      preset: 'lightgbm-compatible',
      ...PRESETS['lightgbm-compatible'],
    })
  })

  test('that are named hold at any size, and an option that is given wins over them', () => {
    const asked = GradientBoostingOptions.parse({ preset: 'lightgbm-compatible', maxLeaves: 6, extraTrees: true })
    expect(settle(asked, 10)).toMatchObject({
      ...PRESETS['lightgbm-compatible'],
      maxLeaves: 6,
      extraTrees: true,
      preset: 'lightgbm-compatible',
    })
    const open = GradientBoostingOptions.parse({ maxLeaves: undefined })
    expect(settle(open, 10).maxLeaves).toBe(PRESETS['small-data'].maxLeaves)
  })

  test('settle nothing further once they are settled', () => {
    const settled = settle(GradientBoostingOptions.parse({ learningRate: 0.2 }), 100)
    expect(settle(settled, 1_000_000)).toEqual(settled)
  })

  test('give the model that their values give one by one, which says which it was', () => {
    const { x, target } = syntheticData('binary', 3, 120)
    const auto = gradientBoosting.fit({ x, target, seed: 1 }, GradientBoostingOptions.parse({}))
    const options = { preset: 'lightgbm-compatible', ...PRESETS['small-data'] }
    const named = gradientBoosting.fit({ x, target, seed: 1 }, GradientBoostingOptions.parse(options))
    expect(auto.state()).toEqual(named.state())
    expect(auto.notes).toEqual([
      'Gradient boosting takes what is left open from its preset small-data (120 rows to learn from; small is below 20000).',
    ])
    expect(named.notes).toEqual([
      'Gradient boosting takes what is left open from its preset lightgbm-compatible (as asked).',
    ])
  })

  test('of large tables are those of LightGBM', () => {
    const x = matrixOf(SMALL_TABLE_ROWS, 1, (row) => row % 50)
    const target = classTarget(
      Int32Array.from({ length: SMALL_TABLE_ROWS }, (_, row) => (row % 50 > 20 ? 1 : 0)),
      2,
    )
    const { trees } = fitBoostedTrees({ x, target, seed: 0 }, GradientBoostingOptions.parse({}))
    expect(trees.roots.length - 1).toBeLessThanOrEqual(PRESETS['lightgbm-compatible'].maxIterations)
    expect(trees.cover[0]).toBe(SMALL_TABLE_ROWS)
  })

  test('are the same in every trial of a search, the first of which has the values of the preset', () => {
    for (const [nRows, preset] of [
      [SMALL_TABLE_ROWS - 1, 'small-data'],
      [SMALL_TABLE_ROWS, 'lightgbm-compatible'],
    ] as const) {
      const facts = { nRows, nColumns: 5, task: 'regression' } as const
      expect(gradientBoosting.searchSpace(facts)['preset']).toEqual({ type: 'choice', values: [preset] })
      expect(gradientBoosting.defaults!(facts)).toMatchObject({ preset, ...PRESETS[preset] })
    }
  })
})
