import path from 'node:path'
import { stringify } from 'yaml'
import { DataOptions } from '../data/data-options.ts'
import { loadDataset } from '../data/load-dataset.ts'
import { sourceKind } from '../data/sources/source-options.ts'
import { publicAddress } from '../data/table-source.ts'
import { PROJECT_FILE, type Project, parseProject } from '../pipeline/load-project.ts'
import { isExpression, resolveRoles } from '../pipeline/roles.ts'

const MAX_INTEGER_CLASSES = 10

/** A project of the defaults for a table: its name from the file's, its task from the target. */
export async function draftProject({
  data,
  target,
  name,
  folder,
}: {
  data: string
  target: string
  name?: string
  folder?: string
}): Promise<{ project: Project; yaml: string }> {
  const dataset = await loadDataset({
    file: data,
    options: DataOptions.parse({ target }),
    targetIsExpression: isExpression(target),
  })
  const roles = resolveRoles(dataset.schema, { target, id: null, time: null, sensitive: [] })
  const column = dataset.schema.columns.find((each) => each.name === target)
  const numeric = roles.expression
    ? roles.expression.type === 'number'
    : column?.kind === 'number' && (column.dataType === 'float' || column.observed.distinct > MAX_INTEGER_CLASSES)
  const base = folder ?? (sourceKind(data) === 'files' ? path.dirname(data) : path.resolve('.'))
  const yaml = [
    '# A Bellwether project; every key that is not here has its default. `bellwether schema` prints what there is.',
    stringify({
      name: name ?? slug(path.basename(sourceKind(data) === 'files' ? data : publicAddress(data))),
      task: numeric ? 'regression' : 'classification',
      data: { source: sourceKind(data) === 'files' ? path.relative(base, data) : data, target },
    }),
  ].join('\n')
  const file = path.join(base, PROJECT_FILE)
  return { project: { file, folder: base, options: parseProject(yaml) }, yaml }
}

function slug(file: string): string {
  const word = file
    .replace(/\.(csv|tsv|parquet|jsonl|ndjson|json)(\.gz)?$/i, '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9._-]+/g, '-')
    .replaceAll(/^[^a-z0-9]+|-+$/g, '')
  return word.slice(0, 100) || 'project'
}
