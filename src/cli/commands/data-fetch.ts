import path from 'node:path'
import { fetchDataset } from '../../data/fetch-dataset.ts'
import { text } from '../context.ts'
import { printJson, printLine } from '../output.ts'

export async function action(options: Record<string, unknown>, [name]: string[]): Promise<number> {
  const fetched = await fetchDataset(name!, { outDir: path.resolve(text(options, 'out') ?? '.') })
  if (options['json']) printJson(fetched)
  else printLine(`${fetched.file}  ${fetched.sizeBytes} bytes  sha256:${fetched.sha256}`)
  return 0
}
