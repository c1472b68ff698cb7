import type { PredictionEntry } from '../serve/prediction-log/prediction-log.ts'
import { formatTable } from './format-table.ts'
import { note, printLine, time } from './output.ts'

/** Prints entries as they are read: a table, or one JSON document. What hides a person or a sensitive column is left out. */
export async function printPredictions(
  entries: AsyncIterable<PredictionEntry>,
  limit: number,
  json: boolean,
): Promise<number> {
  const rows: (string | number | null)[][] = []
  let count = 0
  let more = false
  if (json) process.stdout.write('{"predictions":[')
  for await (const { person: _, sensitive: __, ...entry } of entries) {
    if (count === limit) {
      more = true
      break
    }
    if (json) process.stdout.write(`${count === 0 ? '' : ','}${JSON.stringify(entry)}`)
    else
      rows.push([
        entry.id,
        time(entry.time),
        `${entry.model}/${entry.version}`,
        answerText(entry.answer),
        entry.key ?? '',
      ])
    count++
  }
  if (json) process.stdout.write(`],"more":${more}}\n`)
  else printLine(count === 0 ? 'No predictions.' : formatTable(['id', 'time (UTC)', 'model', 'answer', 'key'], rows))
  if (more) note(`there are more than ${limit}; --limit, --since and --until choose`)
  return 0
}

function answerText(answer: PredictionEntry['answer']): string {
  if ('label' in answer) return `${answer.label} ${(answer.probabilities[answer.label] ?? 0).toFixed(2)}`
  return String('value' in answer ? answer.value : answer.cluster)
}
