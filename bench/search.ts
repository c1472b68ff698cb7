import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { isDeepStrictEqual } from 'node:util'
import { VERSION } from '../src/version.ts'
import { measure } from './peak-memory.ts'
import { inSklearnWords, SEARCH_PROJECT, searchTrials } from './search-trials.ts'

/** One peer's randomised search over forest and boosting on students' academic risk. */
export interface SearchResult {
  readonly peer: string
  /** Of the whole process. Bellwether's also evaluates, draws figures and registers a model, which the peer does not. */
  readonly seconds: number
  /** From the first trial to the winners fitted again on all training rows: what both do. */
  readonly searchSeconds: number
  readonly peakMib: number | null
  readonly candidates: readonly {
    readonly estimator: string
    readonly cvF1Macro: number
    readonly accuracy: number
    readonly f1Macro: number
    readonly logLoss: number
    readonly seconds: number
  }[]
}

const ROOT = fileURLToPath(new URL('..', import.meta.url))

/** The real table where BELLWETHER_DATASETS has it, else the synthetic sample. */
export function defaultTable(): string {
  const real = process.env['BELLWETHER_DATASETS']
    ? path.join(process.env['BELLWETHER_DATASETS'], 'student-dropout/data.csv')
    : null
  return real && existsSync(real) ? real : path.join(ROOT, 'examples/academic-risk/data/students-synthetic.csv')
}

export async function bellwetherSearch(file: string, trials: number, threads: number): Promise<SearchResult> {
  const home = await mkdtemp(path.join(os.tmpdir(), 'bellwether-bench-'))
  try {
    const args = [
      path.join(ROOT, 'bin/bellwether.js'),
      'run',
      SEARCH_PROJECT,
      '--data',
      file,
      '--home',
      home,
      '--trials',
      String(trials),
      '--threads',
      String(threads),
      '--json',
    ]
    const stages: { readonly name: string; readonly begun: number }[] = []
    const { stdout, seconds, peakMib } = await measure(
      process.execPath,
      args,
      {},
      // Each stage says so in a line that begins with its name.
      (text, begun) => {
        for (const [, name] of text.matchAll(/^(\w+) /gm)) {
          if (name !== stages.at(-1)?.name) stages.push({ name: name!, begun })
        }
      },
    )
    const refit = stages.findIndex(({ name }) => name === 'refit')
    const search = stages.find(({ name }) => name === 'search')
    const after = stages[refit + 1]
    if (!search || refit < 0 || !after) throw new Error('The run did not name its stages search and refit.')
    const document = JSON.parse(stdout) as {
      candidates: {
        estimator: string
        params: object
        cv: Record<string, number>
        test: Record<string, number>
        seconds: number
      }[]
    }
    const tried = searchTrials(trials)
    for (const { estimator, params } of document.candidates) {
      if (!tried[estimator]?.some((draw) => isDeepStrictEqual(draw, params)))
        throw new Error(`The best ${estimator} is none of the trials that the peer is given.`)
    }
    return {
      peer: `bellwether ${VERSION}`,
      seconds,
      searchSeconds: after.begun - search.begun,
      peakMib,
      candidates: document.candidates.map(({ estimator, cv, test, seconds: own }) => ({
        estimator,
        cvF1Macro: cv['f1_macro']!,
        accuracy: test['accuracy']!,
        f1Macro: test['f1_macro']!,
        logLoss: test['log_loss']!,
        seconds: own,
      })),
    }
  } finally {
    await rm(home, { recursive: true, force: true })
  }
}

export async function sklearnSearch(
  python: string,
  file: string,
  trials: number,
  threads: number,
): Promise<SearchResult> {
  const { stdout, seconds, peakMib } = await measure(python, [
    path.join(ROOT, 'bench/peers/search_sklearn.py'),
    file,
    JSON.stringify(inSklearnWords(searchTrials(trials))),
    String(threads),
  ])
  const printed = JSON.parse(stdout) as Pick<SearchResult, 'peer' | 'candidates'>
  const searchSeconds = printed.candidates.reduce((sum, candidate) => sum + candidate.seconds, 0)
  return { ...printed, seconds, searchSeconds, peakMib }
}

/** Bellwether's search and scikit-learn's, one after the other: the same rows, columns, folds and options of every trial. */
export async function runSearch(
  python: string,
  file: string,
  trials: number,
  threads: number,
): Promise<SearchResult[]> {
  return [await bellwetherSearch(file, trials, threads), await sklearnSearch(python, file, trials, threads)]
}

/** The results as a Markdown table, and what is to be reached. */
export function searchReport(results: readonly SearchResult[]): string {
  const lines = [
    '## Randomised search over forest and boosting, 5 folds',
    '',
    '| | f1_macro, cross-validated | f1_macro, test | accuracy, test | log loss, test | seconds |',
    '|---|---|---|---|---|---|',
  ]
  for (const { peer, seconds, searchSeconds, peakMib, candidates } of results) {
    for (const each of candidates) {
      const cells = [each.cvF1Macro, each.f1Macro, each.accuracy, each.logLoss].map((value) => value.toFixed(4))
      lines.push(`| ${peer}, ${each.estimator} | ${cells.join(' | ')} | ${each.seconds.toFixed(1)} |`)
    }
    lines.push(`| **${peer}**, search and refit | | | | | **${searchSeconds.toFixed(1)}** |`)
    lines.push(`| **${peer}**, whole process, peak ${peakMib ?? '?'} MiB | | | | | ${seconds.toFixed(1)} |`)
  }
  const ratio = results[0]!.searchSeconds / results[1]!.searchSeconds
  const reached = ratio <= 0.05 ? 'aim reached' : ratio <= 0.1 ? 'reached, not the aim' : 'MISSED'
  lines.push(
    '',
    `- time of search and refit: ${ratio.toFixed(2)} of scikit-learn's; must be at most 0.1, aims at 0.05: **${reached}**`,
    '',
  )
  return lines.join('\n')
}
