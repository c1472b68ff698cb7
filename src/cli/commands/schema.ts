import { projectJsonSchema } from '../../pipeline/project.ts'
import { printJson } from '../output.ts'

export async function action(): Promise<number> {
  printJson(projectJsonSchema())
  return 0
}
