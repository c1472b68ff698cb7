/**
 * node trees.ts boosting|forest|scoring table.parquet rows trees threads
 *
 * Bellwether's side of trees.ts in a process of its own; what its peers in peers/trees.py do.
 */
import { gradientBoosting } from '../../src/learn/boosting/gradient-boosting.ts'
import { randomForest } from '../../src/learn/forest/random-forest.ts'
import { answersRows } from '../../src/learn/row-model.ts'
import { fitThreads } from '../../src/pipeline/fit-threads.ts'
import { answer, auc, ofClass1, timed } from './answer.ts'
import { readTable } from './read-table.ts'

const [work, file, rows, trees, threads] = process.argv.slice(2) as [string, string, string, string, string]
const { x, y, xTest, yTest } = await readTable(file, Number(rows), Number(threads))
const input = {
  x,
  target: { task: 'classification' as const, codes: y, classes: ['0', '1'] },
  seed: 0,
  threads: fitThreads(Number(threads)),
}
const [model, fitSeconds] = timed(() =>
  work === 'forest'
    ? randomForest.fit(input, randomForest.options.parse({ nEstimators: Number(trees) }))
    : gradientBoosting.fit(
        input,
        gradientBoosting.options.parse({ preset: 'lightgbm-compatible', maxIterations: Number(trees) }),
      ),
)
if (!answersRows(model)) throw new Error('The model takes no threads.')
const [probabilities, predictSeconds] = timed(() => model.predict(xTest, input.threads))
answer({ fitSeconds, predictSeconds, auc: auc(yTest, ofClass1(probabilities)) })
