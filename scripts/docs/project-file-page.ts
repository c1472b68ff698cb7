import { projectJsonSchema } from '../../src/pipeline/project.ts'
import { type JsonSchema, literal, typeInWords } from './json-schema.ts'
import { code, markdownTable, pageHead } from './markdown.ts'

/** `docs/project-file.md`: every key of the project file, one table per section. */
export function projectFilePage(): string {
  return [
    pageHead('The project file', 'src/pipeline/project.ts'),
    'A project is a folder with a `bellwether.yaml`. Three keys must be there: `name`, `task` and `data.target`; every other key has a default.',
    'Unknown keys and values out of range are refused with line and column, and the nearest known name.\n',
    '```yaml',
    '# yaml-language-server: $schema=bellwether.schema.json',
    'name: maths-grades',
    'task: regression',
    'data: { source: student-mat.csv, target: G3 }',
    '```\n',
    'The first line lets editors with a YAML language server complete and check the file, from [bellwether.schema.json](bellwether.schema.json) beside it:',
    '`bellwether schema > bellwether.schema.json` writes it.\n',
    ...sections('', projectJsonSchema() as JsonSchema),
  ].join('\n')
}

/** `docs/bellwether.schema.json` */
export function projectSchemaFile(): string {
  return `${JSON.stringify(projectJsonSchema(), null, 2)}\n`
}

function sections(path: string, schema: JsonSchema): string[] {
  const properties = Object.entries(schema.properties ?? {})
  const nested = properties.flatMap(([key, value]) => {
    const section = sectionOf(path ? `${path}.${key}` : key, value)
    return section?.schema.properties && Object.keys(section.schema.properties).length ? [section] : []
  })
  const rows = properties.map(([key, value]) => [
    code(key),
    typeCell(path ? `${path}.${key}` : key, value),
    defaultCell(value, schema.required?.includes(key) ?? false),
    value.description ?? '',
  ])
  return [
    `## ${path ? code(path) : 'Top level'}\n`,
    ...(path && schema.description ? [`${schema.description}\n`] : []),
    `${markdownTable(['key', 'type', 'default', 'meaning'], rows)}\n`,
    ...nested.flatMap((each) => sections(each.path, { description: each.description, ...each.schema })),
  ]
}

/** The schema of the keys below a key, whether it holds one section, a list of them or one per name. */
function sectionOf(
  path: string,
  schema: JsonSchema,
): { path: string; schema: JsonSchema; description: string } | undefined {
  const description = schema.description ?? ''
  if (schema.properties) return { path, schema, description }
  if (schema.items?.properties) return { path: `${path}[]`, schema: schema.items, description }
  if (typeof schema.additionalProperties === 'object' && schema.additionalProperties.properties)
    return { path: `${path}.<column>`, schema: schema.additionalProperties, description }
  return undefined
}

function typeCell(path: string, schema: JsonSchema): string {
  const section = sectionOf(path, schema)
  const words = typeInWords(schema)
  if (!section || Object.keys(section.schema.properties ?? {}).length === 0) return words
  return `[${words}](#${section.path.toLowerCase().replaceAll(/[^a-z0-9_-]/g, '')})`
}

function defaultCell(schema: JsonSchema, required: boolean): string {
  if (required) return '**required**'
  if (schema.default === undefined || (schema.properties && literal(schema.default) === '{}')) return ''
  return code(literal(schema.default))
}
