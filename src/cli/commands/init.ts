import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { resolveSource } from '../../data/table-source.ts'
import { BellwetherError } from '../../errors.ts'
import { PROJECT_FILE } from '../../pipeline/load-project.ts'
import { text } from '../context.ts'
import { draftProject } from '../draft-project.ts'
import { printJson, printLine } from '../output.ts'

export async function action(options: Record<string, unknown>): Promise<number> {
  const folder = path.resolve(text(options, 'out') ?? '.')
  const file = path.join(folder, PROJECT_FILE)
  if (existsSync(file) && !options['force'])
    throw new BellwetherError('USAGE', `"${file}" is there already; --force replaces it.`)
  const name = text(options, 'name')
  const { yaml, project } = await draftProject({
    data: resolveSource(text(options, 'data')!, '.'),
    target: text(options, 'target')!,
    folder,
    ...(name ? { name } : {}),
  })
  await mkdir(folder, { recursive: true })
  await writeFile(file, yaml)
  if (options['json']) printJson({ file, name: project.options.name, task: project.options.task })
  else printLine(`${file}\n\n${yaml}\nNext: bellwether run ${path.relative('.', folder) || '.'}`)
  return 0
}
