import { keepDataset } from '../../pipeline/keep-dataset.ts'
import { loadProjectData } from '../../pipeline/load-project-data.ts'
import { openHome } from '../../store/open-home.ts'
import { dataFile, homeFolder, openProject } from '../context.ts'
import { noteLabelled, printJson, printLine } from '../output.ts'

export async function action(options: Record<string, unknown>, [reference]: string[]): Promise<number> {
  const project = await openProject(reference!, options)
  const dataset = await loadProjectData(project.options, dataFile(options, project))
  const home = await openHome(homeFolder(options, project.folder), { create: true })
  try {
    await keepDataset(
      { dataset, options: project.options, project },
      { blobs: home.blobs, datasets: home.datasets, clock: Date.now },
    )
  } finally {
    await home.close()
  }
  for (const warning of dataset.warnings) noteLabelled('warning', warning)
  if (options['json'])
    printJson({
      id: dataset.id,
      name: project.options.name,
      rows: dataset.nRows,
      rejected: dataset.nRejected,
      warnings: dataset.warnings,
    })
  else printLine(`${dataset.id}  ${dataset.nRows} rows, ${dataset.nRejected} rejected`)
  return 0
}
