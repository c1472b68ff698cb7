import { fileURLToPath } from 'node:url'
import { VERSION } from '../src/version.ts'
import { keptSplits } from './kept-splits.ts'
import { measure } from './peak-memory.ts'
import { qualityTables } from './quality-tables.ts'

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
  /** Largest memory of a split's process. */
  readonly peakMib: number | null
  /** Mean share that each kind of model has in the answer. */
  readonly shares: Readonly<Record<string, number>> | null
  /** Of each kind of model alone, its best trial in each split: mean log loss of classes, RMSE of numbers. */
  readonly alone: Readonly<Record<string, number>> | null
}

export interface QualitySettings {
  readonly python: string
  readonly repeats: number
  readonly trials: number
  readonly threads: number
  /** Names of tables and peers to look at; null: all. */
  readonly tables: readonly string[] | null
  readonly peers: readonly string[] | null
  /** Say what is kept of earlier benches, and make nothing. */
  readonly keptOnly: boolean
}

/** What one split printed, by Bellwether or a peer. */
interface Split {
  readonly split: number
  readonly log_loss?: number
  readonly accuracy?: number
  readonly f1_macro?: number
  readonly rmse?: number
  readonly seconds: number
  /** Largest memory of the process that made it. */
  readonly peakMib?: number | null
  readonly members?: readonly { readonly estimator: string; readonly weight: number }[]
  /** Of each kind of model alone, by log loss or RMSE out of fold the best of its trials, on the outer fold. */
  readonly families?: Readonly<Record<string, { readonly log_loss?: number; readonly rmse?: number }>>
}

const here = (file: string) => fileURLToPath(new URL(file, import.meta.url))
const FOLDS = 3
const PEERS = ['scikit-learn linear', 'scikit-learn forest', 'LightGBM', 'XGBoost']
/** Log loss of the default run on UCI 697, mean over 3 folds x 3 repeats. */
const BAR = { must: 0.545, aim: 0.535 }

/**
 * The default run and its peers with equal trials, nested in the same outer folds. A split's result is kept in `bench/.data/quality` the
 * moment it is there, and not made again unless the program, the peers' script or the data changed.
 */
export async function runQuality({
  python,
  repeats,
  trials,
  threads,
  tables,
  peers,
  keptOnly,
}: QualitySettings): Promise<QualityResult[]> {
  const results: QualityResult[] = []
  const counts = [FOLDS, repeats, trials, threads].map(String)
  for (const { name, project, file } of chosen(qualityTables(), tables, '--tables')) {
    const contenders = [
      {
        name: 'bellwether',
        peer: `bellwether ${VERSION}`,
        command: process.execPath,
        args: [here('ours/quality.ts'), project, file, ...counts],
        made: [here('../src'), here('ours/quality.ts'), project],
      },
      ...PEERS.map((peer) => ({
        name: peer,
        peer,
        command: python,
        args: [here('peers/quality.py'), name, file, ...counts, peer],
        made: [here('peers/quality.py'), here('peers/requirements.txt')],
      })),
    ]
    for (const { name: contender, peer, command, args, made } of chosen(contenders, peers, '--peers')) {
      const kept = keptSplits<Split>(here('.data/quality'), `${name}.${contender}.trials-${trials}`, [...made, file])
      const splits: Split[] = []
      for (let number = 0; number < FOLDS * repeats; number++) {
        if (!kept.splits.has(number) && !keptOnly) {
          const { stdout, peakMib } = await measure(command, [...args, String(number)])
          kept.add({ ...(JSON.parse(stdout) as Split), peakMib })
          console.error(`${name}, ${contender}: split ${number + 1} of ${FOLDS * repeats}`)
        }
        const done = kept.splits.get(number)
        if (done) splits.push(done)
      }
      if (splits.length > 0) results.push({ data: name, peer, splits: splits.length, trials, ...meansOf(splits) })
    }
  }
  return results
}

/** Those of the names, all where none is named. @throws for a name that there is not */
function chosen<Each extends { readonly name: string }>(
  all: readonly Each[],
  names: readonly string[] | null,
  flag: string,
): Each[] {
  const known = all.map(({ name }) => name)
  const wrong = names?.find((name) => !known.includes(name))
  if (wrong !== undefined) throw new Error(`${flag} takes ${known.join(', ')}; got "${wrong}".`)
  return all.filter(({ name }) => !names || names.includes(name))
}

function meansOf(splits: readonly Split[]): Omit<QualityResult, 'data' | 'peer' | 'splits' | 'trials'> {
  const mean = (of: (split: Split) => number | undefined): number | null => {
    const values = splits.map(of).filter((value) => value !== undefined)
    return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length
  }
  const kinds = new Set(splits.flatMap(({ members }) => (members ?? []).map(({ estimator }) => estimator)))
  const share = (kind: string) =>
    mean(({ members }) => (members ?? []).reduce((sum, each) => sum + (each.estimator === kind ? each.weight : 0), 0))!
  const alone = new Set(splits.flatMap(({ families }) => Object.keys(families ?? {})))
  const figureOf = (kind: string) => mean(({ families }) => families?.[kind]?.rmse ?? families?.[kind]?.log_loss)!
  return {
    logLoss: mean((split) => split.log_loss),
    accuracy: mean((split) => split.accuracy),
    f1Macro: mean((split) => split.f1_macro),
    rmse: mean((split) => split.rmse),
    seconds: mean((split) => split.seconds)!,
    peakMib: splits.some(({ peakMib }) => peakMib) ? Math.max(...splits.map(({ peakMib }) => peakMib ?? 0)) : null,
    shares: kinds.size === 0 ? null : Object.fromEntries(Array.from(kinds, (kind) => [kind, share(kind)])),
    alone: alone.size === 0 ? null : Object.fromEntries(Array.from(alone, (kind) => [kind, figureOf(kind)])),
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
    for (const { peer, splits: n, logLoss, accuracy, f1Macro, rmse, seconds, peakMib } of own) {
      const cells = [logLoss, accuracy, f1Macro, rmse].map((value) => value?.toFixed(4) ?? '')
      lines.push(
        `| ${n === splits ? peer : `${peer} (${n} splits)`} | ${cells.join(' | ')} | ${seconds.toFixed(1)} | ${peakMib ?? ''} |`,
      )
    }
    const { shares, alone, logLoss, rmse } = own[0]!
    if (shares) {
      const said = Object.entries(shares)
        .sort((a, b) => b[1] - a[1])
        .map(([kind, share]) => `${kind} ${share.toFixed(2)}`)
      lines.push('', `What answers, mean weight: ${said.join(', ')}.`)
    }
    if (alone) {
      const said = Object.entries(alone)
        .sort((a, b) => a[1] - b[1])
        .map(([kind, figure]) => `${kind} ${figure.toFixed(4)}`)
      lines.push('', `Each kind alone, its best trial, ${rmse === null ? 'log loss' : 'RMSE'}: ${said.join(', ')}.`)
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
