import { measure } from './peak-memory.ts'

/** What one peer did, once: what its process printed. */
export type Answer = { readonly peer: string; readonly peakMib: number | null } & Readonly<
  Record<string, string | number | null>
>

/** A peer's process. */
export interface Contender {
  readonly command: string
  readonly args: readonly string[]
}

/**
 * Runs the contenders in turns, each time in a fresh process that prints one line of JSON, and takes the median of each of its numbers.
 * @param threads Told to the peers' libraries by the environment as well.
 */
export async function runPeers(contenders: readonly Contender[], repeats: number, threads: number): Promise<Answer[]> {
  const answers = contenders.map((): Answer[] => [])
  for (let turn = 0; turn < repeats; turn++) {
    for (const [i, { command, args }] of contenders.entries()) {
      const { stdout, peakMib } = await measure(command, args, { OMP_NUM_THREADS: String(threads) })
      const printed = JSON.parse(stdout) as Answer
      answers[i]!.push({ ...printed, peakMib: printed.peakMib ?? peakMib })
    }
  }
  return answers.map(medians)
}

function medians(answers: readonly Answer[]): Answer {
  const middle = (key: string) => {
    const values = answers.map((answer) => answer[key]).filter((value): value is number => typeof value === 'number')
    return values.length === 0 ? null : values.sort((a, b) => a - b)[Math.floor(values.length / 2)]!
  }
  const first = answers[0]!
  const entries = Object.keys(first).map((key) => [key, typeof first[key] === 'string' ? first[key] : middle(key)])
  return Object.fromEntries(entries) as Answer
}
