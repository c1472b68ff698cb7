import { withHome } from '../context.ts'
import { extentText } from '../data-text.ts'
import { printJson, printLine } from '../output.ts'

/** Forgets a dataset version that nothing was made from. */
export async function action(options: Record<string, unknown>, [id]: string[]): Promise<number> {
  return withHome(options, async (home) => {
    const removed = await home.datasets.removeDataset(id!, Date.now())
    if (options['json']) printJson({ id: removed.id, name: removed.name })
    else
      printLine(
        `${removed.id}  ${removed.name}, ${extentText(removed)}, is forgotten; \`bellwether data gc\` frees its room`,
      )
    return 0
  })
}
