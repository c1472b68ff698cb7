import { existsSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { VERSION } from '../src/version.ts'
import { measure } from './peak-memory.ts'

/** What one peer's answers to the outer folds are worth, mean over the splits. */
export interface QualityResult {
  readonly data: string
  readonly peer: string
  readonly splits: number
  readonly trials: number
  readonly logLoss: number | null
  readonly accuracy: number | null
  readonly f1Macro: number | null
  readonly rmse: number | null
  /** Of one split: search, blend, fits and answers. */
  readonly seconds: number
  /** Largest memory of the peer's process. */
  readonly peakMib: number | null
  /** Mean share that each kind of model has in the answer. */
  readonly shares: Readonly<Record<string, number>> | null
}

export interface QualitySettings {
  readonly python: string
  readonly repeats: number
  readonly trials: number
  readonly threads: number
}

interface Data {
  readonly name: string
  readonly project: string
  readonly file: string
  readonly task: 'classification' | 'regression'
}

/** What one split printed, by Bellwether or a peer. */
interface Split {
  readonly log_loss?: number
  readonly accuracy?: number
  readonly f1_macro?: number
  readonly rmse?: number
  readonly seconds: number
  readonly members?: readonly { readonly estimator: string; readonly weight: number }[]
}

const here = (file: string) => fileURLToPath(new URL(file, import.meta.url))
const FOLDS = 3
const PEERS = ['scikit-learn linear', 'scikit-learn forest', 'LightGBM', 'XGBoost']
/** Log loss of the default run on UCI 697, mean over 3 folds x 3 repeats. */
const BAR = { must: 0.545, aim: 0.535 }

/** The real tables where BELLWETHER_DATASETS has them; without it the synthetic sample. */
function tables(): Data[] {
  const folder = process.env['BELLWETHER_DATASETS']
  const real = (file: string) => path.join(folder ?? '', file)
  const all: Data[] = [
    {
      name: 'academic-risk',
      project: here('../examples/academic-risk/bellwether.yaml'),
      file: folder ? real('student-dropout/data.csv') : here('../examples/academic-risk/data/students-synthetic.csv'),
      task: 'classification',
    },
    {
      name: 'math-performance',
      project: here('projects/math-performance.yaml'),
      file: real('student-performance/student-mat.csv'),
      task: 'regression',
    },
    {
      name: 'exam-score',
      project: here('projects/exam-score.yaml'),
      file: real('exam-scores/stud.csv'),
      task: 'regression',
    },
  ]
  return all.filter(({ file }) => path.isAbsolute(file) && existsSync(file))
}

/** The default run and its peers with equal trials, nested in the same outer folds; one after the other. */
export async function runQuality({ python, repeats, trials, threads }: QualitySettings): Promise<QualityResult[]> {
  const results: QualityResult[] = []
  const counts = [FOLDS, repeats, trials, threads].map(String)
  for (const { name, project, file } of tables()) {
    const contenders = [
      {
        peer: `bellwether ${VERSION}`,
        command: process.execPath,
        args: [here('ours/quality.ts'), project, file, ...counts],
      },
      ...PEERS.map((peer) => ({
        peer,
        command: python,
        args: [here('peers/quality.py'), name, file, ...counts, peer],
      })),
    ]
    for (const { peer, command, args } of contenders) {
      const { stdout, peakMib } = await measure(command, args)
      const splits = stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Split)
      results.push({ data: name, peer, splits: splits.length, trials, ...meansOf(splits), peakMib })
    }
  }
  return results
}

function meansOf(splits: readonly Split[]): Omit<QualityResult, 'data' | 'peer' | 'splits' | 'trials' | 'peakMib'> {
  const mean = (of: (split: Split) => number | undefined): number | null => {
    const values = splits.map(of).filter((value) => value !== undefined)
    return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length
  }
  const kinds = new Set(splits.flatMap(({ members }) => (members ?? []).map(({ estimator }) => estimator)))
  const share = (kind: string) =>
    mean(({ members }) => (members ?? []).reduce((sum, each) => sum + (each.estimator === kind ? each.weight : 0), 0))!
  return {
    logLoss: mean((split) => split.log_loss),
    accuracy: mean((split) => split.accuracy),
    f1Macro: mean((split) => split.f1_macro),
    rmse: mean((split) => split.rmse),
    seconds: mean((split) => split.seconds)!,
    shares: kinds.size === 0 ? null : Object.fromEntries(Array.from(kinds, (kind) => [kind, share(kind)])),
  }
}

/** The results as Markdown tables, and whether the bar is reached. */
export function qualityReport(results: readonly QualityResult[]): string {
  const lines = ['## Quality of the default run, nested in outer folds', '']
  for (const name of new Set(results.map(({ data }) => data))) {
    const own = results.filter(({ data }) => data === name)
    const { splits, trials } = own[0]!
    lines.push(
      `${name}: mean of ${splits} splits, ${trials} trials of each kind of model over 5 folds inside of each.`,
      '',
      '| | log loss | accuracy | macro F1 | RMSE | seconds a split | peak MiB |',
      '|---|---:|---:|---:|---:|---:|---:|',
    )
    for (const { peer, logLoss, accuracy, f1Macro, rmse, seconds, peakMib } of own) {
      const cells = [logLoss, accuracy, f1Macro, rmse].map((value) => value?.toFixed(4) ?? '')
      lines.push(`| ${peer} | ${cells.join(' | ')} | ${seconds.toFixed(1)} | ${peakMib ?? ''} |`)
    }
    const { shares, logLoss } = own[0]!
    if (shares) {
      const said = Object.entries(shares)
        .sort((a, b) => b[1] - a[1])
        .map(([kind, share]) => `${kind} ${share.toFixed(2)}`)
      lines.push('', `What answers, mean weight: ${said.join(', ')}.`)
    }
    if (name === 'academic-risk' && logLoss !== null && process.env['BELLWETHER_DATASETS']) {
      const reached = logLoss <= BAR.aim ? 'aim reached' : logLoss <= BAR.must ? 'reached, not the aim' : 'MISSED'
      lines.push(
        '',
        `- log loss: ${logLoss.toFixed(4)}; must be at most ${BAR.must}, aims at ${BAR.aim}: **${reached}**`,
      )
    }
    lines.push('')
  }
  return lines.join('\n')
}
