import path from 'node:path'
import { rejectsToCsv } from '../../data/rejects-csv.ts'
import { writeFileWhole } from '../../data/write-file-whole.ts'
import { loadProjectData } from '../../pipeline/load-project-data.ts'
import { openProject, text } from '../context.ts'
import { dataFile } from '../data-file.ts'
import { noteLabelled, printJson, printLine } from '../output.ts'

const SHOWN = 20

export async function action(options: Record<string, unknown>, [reference]: string[]): Promise<number> {
  const project = await openProject(reference!, options)
  // A check tells everything; the policy on how many bad rows are too many is for runs.
  const dataset = await loadProjectData(project.options, dataFile(options, project), {
    rejects: { action: 'reject', maxRejectedShare: 1 },
  })
  const out = text(options, 'rejects')
  if (out) await writeFileWhole(path.resolve(out), rejectsToCsv(dataset.rejected, dataset.fileColumns))
  for (const warning of dataset.warnings) noteLabelled('warning', warning)
  const faults = dataset.rejected.flatMap(({ row, violations }) =>
    violations.map(({ column, rule, message }) => ({ row, column, rule, message })),
  )
  if (options['json'])
    printJson({ rows: dataset.nRows, rejected: dataset.nRejected, faults, warnings: dataset.warnings })
  else {
    printLine(`${dataset.nRows} rows accepted, ${dataset.nRejected} rejected`)
    for (const { row, column, rule, message } of faults.slice(0, SHOWN))
      printLine(`  line ${row}  ${column ?? ''}  ${rule}: ${message}`)
    if (faults.length > SHOWN) printLine(`  … and ${faults.length - SHOWN} more; --rejects FILE writes them all`)
  }
  return dataset.nRejected > 0 ? 1 : 0
}
