/**
 * The process in which an ONNX file of unknown origin runs for the first time: whatever it does to the runtime ends here. Standard input:
 * one line of JSON (binding, signature), then the file. Standard output: one line of JSON, the answers or the error.
 */
import { writeFileSync } from 'node:fs'
import { BellwetherError } from '../../errors.ts'
import { compileRecordReader } from '../../table/records.ts'
import { ModelSignature } from '../signature.ts'
import { checkRecords } from './check-records.ts'
import { ForeignBinding } from './foreign-binding.ts'
import { foreignPipeline } from './foreign-pipeline.ts'

async function main(): Promise<unknown> {
  volunteerAsVictim()
  const chunks: Buffer[] = []
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer)
  const input = Buffer.concat(chunks)
  const end = input.indexOf(0x0a)
  const { binding, signature } = JSON.parse(input.subarray(0, end).toString('utf8')) as Record<string, unknown>
  const { inputs, example } = ModelSignature.parse(signature)
  const pipeline = foreignPipeline(input.subarray(end + 1), ForeignBinding.parse(binding))
  const { table } = compileRecordReader(inputs)(checkRecords({ inputs, example }))
  const predictions = pipeline.predict(table)
  return {
    nRows: table.nRows,
    predictions: Array.from(predictions, (value) => (Number.isFinite(value) ? value : null)),
  }
}

/** Where memory runs out, Linux ends this process rather than its parent. */
function volunteerAsVictim(): void {
  try {
    writeFileSync('/proc/self/oom_score_adj', '1000')
  } catch {
    // Other systems choose by themselves.
  }
}

void main()
  .catch((error: unknown) =>
    error instanceof BellwetherError
      ? { error: { code: error.code, message: error.message } }
      : { error: { code: 'ONNX_RUN_FAILED', message: `The ONNX model failed: ${String(error).slice(0, 300)}` } },
  )
  .then((answer) => process.stdout.write(`${JSON.stringify(answer)}\n`))
