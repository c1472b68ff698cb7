import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { BellwetherError, type ErrorCode } from '../../errors.ts'
import { type BoundModel, notTabular } from './foreign-binding.ts'
import { refused } from './inspect-model.ts'

/** A tabular model answers a handful of rows in milliseconds. */
const TIMEOUT_MS = 60_000

const Answer = z.union([
  z.object({ nRows: z.int(), predictions: z.array(z.number().nullable()) }),
  z.object({ error: z.object({ code: z.string(), message: z.string() }) }),
])

/** How far rows of probabilities may be from summing to 1: float32, and losses that a framework leaves. */
const ROUNDING = 1e-3

/**
 * Lets a foreign model answer its own example, each column in turn missing or at its bounds, in a process of its own: a file that hangs,
 * crashes or eats memory ends that process.
 * @throws ONNX_INVALID, ONNX_RUN_FAILED, ONNX_RUNTIME_MISSING; ONNX_NOT_TABULAR when the answers are no probabilities
 */
export async function probeModel(
  bytes: Uint8Array,
  { binding, signature }: BoundModel,
  timeoutMs = TIMEOUT_MS,
): Promise<void> {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
  const child = spawn(process.execPath, [fileURLToPath(new URL(`./probe-child.${extension}`, import.meta.url))], {
    stdio: ['pipe', 'pipe', 'ignore'],
    env: { PATH: process.env['PATH'] ?? '', NO_COLOR: '1' },
  })
  let output = ''
  child.stdout.on('data', (chunk) => {
    output += chunk
  })
  // A child that ends before it has read everything breaks the pipe; its end is what counts.
  child.stdin.on('error', () => {})
  child.stdin.write(`${JSON.stringify({ binding, signature })}\n`)
  child.stdin.end(bytes)
  let late = false
  const timer = setTimeout(() => {
    late = true
    child.kill('SIGKILL')
  }, timeoutMs)
  const end = await new Promise<string>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (status, signal) => resolve(signal ?? `status ${status}`))
  })
  clearTimeout(timer)
  if (late) throw refused(`it does not answer its example within ${timeoutMs / 1000} s`)
  const answer = parseAnswer(output)
  if (answer === null) throw refused(`the runtime crashed on it (${end})`)
  if ('error' in answer) throw new BellwetherError(answer.error.code as ErrorCode, answer.error.message)
  if (binding.task === 'classification') checkProbabilities(answer.predictions, binding.classes.length)
}

function parseAnswer(output: string): z.output<typeof Answer> | null {
  try {
    return Answer.parse(JSON.parse(output))
  } catch {
    return null
  }
}

/** Missing values may leave a row without an answer; rows that have one are probabilities. */
function checkProbabilities(predictions: readonly (number | null)[], nClasses: number): void {
  for (let from = 0; from < predictions.length; from += nClasses) {
    const row = predictions.slice(from, from + nClasses)
    if (row.some((p) => p === null)) {
      if (from === 0)
        throw notTabular('It has no finite answer to its own example; give one with "example" in --signature.')
      continue
    }
    const sum = (row as number[]).reduce((total, p) => total + p, 0)
    if (row.some((p) => p! < -ROUNDING || p! > 1 + ROUNDING) || Math.abs(sum - 1) > ROUNDING) {
      throw notTabular(
        'What it gives is no probabilities: they must lie between 0 and 1 and sum to 1. Say --logits where a softmax or sigmoid is still to come.',
      )
    }
  }
}
