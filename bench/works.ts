import { fileURLToPath } from 'node:url'
import { documents, numberTable } from './data-files.ts'
import { type Answer, type Contender, runPeers } from './run-peers.ts'

/** What the command line says of a run. */
export interface BenchSettings {
  readonly python: string
  /** Sizes of the table, or numbers of documents; null for each work's own. */
  readonly rows: readonly number[] | null
  readonly trees: number
  readonly threads: number
  readonly repeats: number
}

/** One kind of work that is measured beside its peers. */
export interface Work {
  readonly title: string
  readonly run: (settings: BenchSettings) => Promise<Answer[]>
  /** What is to be reached, for rows of the size it is said of. */
  readonly bars: readonly Bar[]
}

/** A figure of Bellwether's divided by a peer's (or alone), and what it must not be above. */
export interface Bar {
  readonly name: string
  readonly figure: string
  /** Beginning of the peer's name; null for a figure that stands alone. */
  readonly peer: string | null
  /** Size it is said of; null for any. */
  readonly rows: number | null
  readonly must: number
  readonly aim: number
}

const here = (file: string) => fileURLToPath(new URL(file, import.meta.url))

const ours = (file: string, ...args: readonly (string | number)[]): Contender => ({
  command: process.execPath,
  args: [here(`ours/${file}`), ...args.map(String)],
})

const MILLION = 1_000_000

/** Boosting and forests: the table has a tenth more rows, which are asked about. */
function treeWork(work: 'boosting' | 'forest', peers: readonly string[], sizes: readonly number[]): Work['run'] {
  return async ({ python, rows, trees, threads, repeats }) => {
    const results: Answer[] = []
    for (const size of rows ?? sizes) {
      const table = numberTable(python, size + Math.ceil(size / 10))
      const script = here('peers/trees.py')
      const contenders = [
        ours('trees.ts', work, table, size, trees, threads),
        ...peers.map((peer) => ({
          command: python,
          args: [script, peer, table, String(size), String(trees), String(threads)],
        })),
      ]
      results.push(...(await runPeers(contenders, repeats, threads)).map((answer) => withRows(answer, size)))
    }
    return results
  }
}

/** Scoring: learns from a tenth of the rows, and is timed on all the others. */
async function scoring({ python, rows, trees, threads, repeats }: BenchSettings): Promise<Answer[]> {
  const results: Answer[] = []
  for (const size of rows ?? [MILLION]) {
    const learnt = Math.ceil(size / 10)
    const table = numberTable(python, size + learnt)
    const contenders = [
      ours('trees.ts', 'boosting', table, learnt, trees, threads),
      ...['lightgbm', 'xgboost', 'sklearn'].map((peer) => ({
        command: python,
        args: [here('peers/trees.py'), peer, table, String(learnt), String(trees), String(threads)],
      })),
    ]
    results.push(...(await runPeers(contenders, repeats, threads)).map((answer) => withRows(answer, size)))
  }
  return results
}

async function row({ python, trees, threads, repeats }: BenchSettings): Promise<Answer[]> {
  const learnt = 100_000
  const table = numberTable(python, 110_000)
  const contenders = [
    ours('row.ts', table, learnt, trees, threads),
    { command: python, args: [here('peers/row.py'), table, String(learnt), String(trees), String(threads)] },
  ]
  return (await runPeers(contenders, repeats, threads)).map((answer) => withRows(answer, 1))
}

async function text({ python, rows, threads, repeats }: BenchSettings): Promise<Answer[]> {
  const results: Answer[] = []
  for (const size of rows ?? [50_000]) {
    const file = documents(size)
    const contenders = [ours('text.ts', file), { command: python, args: [here('peers/text.py'), file] }]
    results.push(...(await runPeers(contenders, repeats, threads)).map((answer) => withRows(answer, size)))
  }
  return results
}

function withRows({ peer, ...figures }: Answer, rows: number): Answer {
  return { peer, rows, ...figures } as Answer
}

const boostingPeers = ['lightgbm', 'xgboost', 'sklearn']

const memoryBar: Bar = { name: 'peak memory', figure: 'peakMib', peer: 'lightgbm', rows: MILLION, must: 1, aim: 0.7 }

/** Each kind of work by the name that `--only` takes. */
export const works: Readonly<Record<string, Work>> = {
  boosting: {
    title: 'Boosting: 28 float32 columns, trees of 31 leaves, 255 bins',
    run: treeWork('boosting', boostingPeers, [10_000, 100_000, MILLION]),
    bars: [
      { name: 'time beside LightGBM', figure: 'fitSeconds', peer: 'lightgbm', rows: MILLION, must: 1, aim: 0.7 },
      { name: 'time beside XGBoost', figure: 'fitSeconds', peer: 'xgboost', rows: MILLION, must: 1, aim: 1 },
      memoryBar,
    ],
  },
  memory: {
    title: 'Memory: boosting, the table read from Parquet included',
    run: treeWork('boosting', boostingPeers, [MILLION]),
    bars: [memoryBar],
  },
  forest: {
    title: "Random forest: 28 float32 columns, scikit-learn's depth rules",
    run: treeWork('forest', ['sklearn-forest'], [100_000]),
    bars: [{ name: 'time', figure: 'fitSeconds', peer: 'scikit-learn', rows: 100_000, must: 0.1, aim: 0.05 }],
  },
  scoring: {
    title: 'Batch scoring by boosted trees of 31 leaves',
    run: scoring,
    bars: [{ name: 'time', figure: 'predictSeconds', peer: 'lightgbm', rows: MILLION, must: 1, aim: 0.5 }],
  },
  row: {
    title: 'One row at a time, in process',
    run: row,
    bars: [{ name: 'microseconds', figure: 'rowMicroseconds', peer: null, rows: null, must: 10, aim: 3 }],
  },
  text: {
    title: 'TF-IDF and logistic regression',
    run: text,
    bars: [{ name: 'time', figure: 'fitSeconds', peer: 'scikit-learn', rows: 50_000, must: 0.5, aim: 0.25 }],
  },
}
