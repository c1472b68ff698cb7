import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { VERSION } from '../src/version.ts'
import { measure } from './peak-memory.ts'

/** One peer's randomised search over three kinds of model on students' academic risk. */
export interface SearchResult {
  readonly peer: string
  readonly seconds: number
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
const MODELS = 'logistic-regression,random-forest,gradient-boosting'

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
      'bin/bellwether.js',
      'run',
      'examples/academic-risk',
      '--data',
      file,
      '--home',
      home,
      '--trials',
      String(trials),
      '--threads',
      String(threads),
      '--models',
      MODELS,
      '--json',
    ]
    const { stdout, seconds, peakMib } = await measure(
      process.execPath,
      args.map((arg) => (arg.startsWith('bin/') || arg.startsWith('examples/') ? path.join(ROOT, arg) : arg)),
    )
    const document = JSON.parse(stdout) as {
      candidates: { estimator: string; cv: Record<string, number>; test: Record<string, number>; seconds: number }[]
    }
    return {
      peer: `bellwether ${VERSION}`,
      seconds,
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
    String(trials),
    String(threads),
  ])
  return { ...(JSON.parse(stdout) as Omit<SearchResult, 'peakMib'>), seconds, peakMib }
}
