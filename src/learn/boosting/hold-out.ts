import { deriveSeed, RandomState } from '../../table/random.ts'
import type { Target } from '../../table/target.ts'
import type { BoostingSettings } from './options.ts'

/**
 * Rows to learn from and, with early stopping, rows to watch the loss on: the given share of each class, or of all rows
 * for regression, rounded. A class keeps at least one row to learn from, and so does the whole: then none are held out.
 * @param weights Rows of weight 0 are in neither part.
 * @returns Both ascending.
 */
export function holdOutRows(
  target: Target,
  weights: Float64Array,
  options: Pick<BoostingSettings, 'earlyStoppingRounds' | 'validationFraction'>,
  seed: number,
): { train: Uint32Array; heldOut: Uint32Array } {
  const groups: number[][] = target.task === 'classification' ? target.classes.map(() => []) : [[]]
  const all: number[] = []
  for (let row = 0; row < weights.length; row++) {
    if (weights[row]! === 0) continue
    all.push(row)
    groups[target.task === 'classification' ? target.codes[row]! : 0]!.push(row)
  }
  if (options.earlyStoppingRounds === null) return { train: Uint32Array.from(all), heldOut: new Uint32Array(0) }
  const random = new RandomState(deriveSeed(seed, 'boosting', 'hold-out'))
  const heldOut: number[] = []
  for (const group of groups) {
    const count = Math.min(Math.round(options.validationFraction * group.length), group.length - 1)
    const order = random.permutation(group.length)
    for (let i = 0; i < count; i++) heldOut.push(group[order[i]!]!)
  }
  const out = new Set(heldOut)
  return {
    train: Uint32Array.from(all.filter((row) => !out.has(row))),
    heldOut: Uint32Array.from(heldOut).sort(),
  }
}
