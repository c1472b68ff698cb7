import { readFile } from 'node:fs/promises'
import { BellwetherError } from '../../errors.ts'
import { newId } from '../../security/new-id.ts'
import { loadScorer } from '../../serve/load-scorer.ts'
import { type WhatIfAnswer, type WhatIfOutcome, whatIf } from '../../serve/what-if/what-if.ts'
import { WhatIfRequest } from '../../serve/what-if/what-if-request.ts'
import { parseReference, text, withHome } from '../context.ts'
import { formatTable } from '../format-table.ts'
import { note, printJson, printLine } from '../output.ts'

/** How the answer to one record would change, and the smallest change that moves it; exit status 1 where none was found. */
export async function action(options: Record<string, unknown>, [reference]: string[]): Promise<number> {
  const { model, version, alias } = parseReference(reference!)
  const request = WhatIfRequest.safeParse({ record: await recordGiven(text(options, 'record')!), ...wanted(options) })
  if (!request.success) {
    const [issue] = request.error.issues
    throw new BellwetherError('USAGE', `${issue!.path.join('.')}: ${issue!.message}.`)
  }
  return withHome(options, async (home) => {
    const found =
      version === undefined
        ? await home.models.byAlias(model, alias ?? 'champion')
        : await home.models.version(model, version)
    const scorer = await loadScorer(found, home.blobs, newId)
    const answer = await whatIf(scorer, request.data, async () => {})
    if (options['json']) printJson({ model: { name: model, version: found.version }, ...answer })
    else print(answer)
    note(answer.note)
    const sought =
      !answer.reached && !(typeof answer.target === 'object' && answer.target !== null && isEmpty(answer.target))
    return sought && answer.smallest === null ? 1 : 0
  })
}

function wanted(options: Record<string, unknown>): Record<string, unknown> {
  const number = (name: string) => {
    const given = text(options, name)
    if (given === undefined) return undefined
    if (given.trim() === '' || !Number.isFinite(Number(given)))
      throw new BellwetherError('USAGE', `--${name} takes a number; got "${given}".`)
    return Number(given)
  }
  const [label, min, max] = [text(options, 'target'), number('min'), number('max')]
  if (label !== undefined && (min !== undefined || max !== undefined))
    throw new BellwetherError(
      'USAGE',
      '--target names a label; --min and --max are bounds of a number. Give one or the other.',
    )
  const target = label ?? (min === undefined && max === undefined ? undefined : definedOf({ min, max }))
  const fields = text(options, 'fields')
    ?.split(',')
    .map((name) => name.trim())
  return definedOf({ target, fields, maxFields: number('maxFields') })
}

function definedOf(given: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
}

async function recordGiven(file: string): Promise<unknown> {
  const read = async () => {
    if (file !== '-') return readFile(file, 'utf8')
    let typed = ''
    process.stdin.setEncoding('utf8')
    for await (const part of process.stdin) typed += part as string
    return typed
  }
  let document: string
  try {
    document = await read()
  } catch (error) {
    throw new BellwetherError('USAGE', `--record: ${file} cannot be read.`, { cause: error })
  }
  try {
    return JSON.parse(document)
  } catch {
    // The parser's message quotes the document, which is a person's.
    throw new BellwetherError('USAGE', '--record takes a JSON file with one object, or - for standard input.')
  }
}

function print({ outcome, fields, smallest, reached, search }: WhatIfAnswer): void {
  printLine(`Now: ${words(outcome)}`)
  if (reached) printLine('The record is where it is wanted.')
  if (smallest) {
    printLine(`\nThe smallest change that was found (cost ${smallest.cost}):`)
    printLine(
      formatTable(
        ['field', 'from', 'to', 'cost'],
        smallest.changes.map(({ field, from, to, cost }) => [
          field,
          from === null ? 'missing' : String(from),
          String(to),
          cost,
        ]),
      ),
    )
    printLine(`Then: ${words(smallest.outcome)}`)
  } else if (!reached && search.asked > 0)
    printLine(
      search.exhaustive
        ? `\nNo change of up to ${search.maxFields} fields moves it there.`
        : `\nAmong ${search.asked} changes none was found that moves it there.`,
    )
  printLine('\nEach field alone:')
  const rows = fields.flatMap(({ field, current, options }) =>
    options.map(({ value, outcome: after, reaches }, i) => [
      i === 0 ? field : '',
      i === 0 ? (current === null ? 'missing' : String(current)) : '',
      String(value),
      words(after),
      reaches ? 'yes' : '',
    ]),
  )
  printLine(formatTable(['field', 'now', 'if it were', 'the model would say', 'moves it'], rows))
}

function words(outcome: WhatIfOutcome): string {
  if ('value' in outcome) return String(Number(outcome.value.toPrecision(6)))
  return `${outcome.label} (${(100 * (outcome.probabilities[outcome.label] ?? 0)).toFixed(1)} %)`
}

function isEmpty(bounds: { readonly min?: number; readonly max?: number }): boolean {
  return bounds.min === undefined && bounds.max === undefined
}
