import { BellwetherError } from '../../errors.ts'
import { deriveSeed, RandomState } from '../../table/random.ts'
import type { Target } from '../../table/target.ts'
import type { Fold } from '../splits/fold.ts'

/**
 * Part of a fold's rows, training and validation alike (scikit-learn's halving does both). A class has the same share in it
 * as in the fold, within a row, and at least one row. The rows depend on fold, seed and share alone; those of a smaller share
 * are among those of a larger one, so that a rung adds rows to the one before.
 * @param share In (0, 1]; 1 gives the fold itself.
 * @returns Row numbers ascending.
 * @throws INTERNAL for another share
 */
export function subsampleFold(fold: Fold, target: Target, share: number, seed: number): Fold {
  if (!(share > 0 && share <= 1)) throw new BellwetherError('INTERNAL', `A share of rows is in (0, 1], not ${share}.`)
  if (share === 1) return fold
  return {
    train: subsample(fold.train, target, share, deriveSeed(seed, 'rung', 'train')),
    validation: subsample(fold.validation, target, share, deriveSeed(seed, 'rung', 'validation')),
  }
}

function subsample(rows: Uint32Array, target: Target, share: number, seed: number): Uint32Array {
  const groups = new Map<number, number[]>()
  for (const row of rows) {
    const group = target.task === 'classification' ? target.codes[row]! : 0
    const known = groups.get(group)
    if (known) known.push(row)
    else groups.set(group, [row])
  }
  const random = new RandomState(seed)
  const kept: number[] = []
  for (const code of [...groups.keys()].sort((a, b) => a - b)) {
    const group = random.shuffle(groups.get(code)!)
    kept.push(...group.slice(0, Math.max(1, Math.round(share * group.length))))
  }
  return Uint32Array.from(kept).sort()
}
