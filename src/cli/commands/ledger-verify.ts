import { withHome } from '../context.ts'
import { printJson, printLine } from '../output.ts'

export async function action(options: Record<string, unknown>): Promise<number> {
  return withHome(options, async (home) => {
    const result = await home.models.verifyLedger()
    if (options['json']) printJson(result)
    else
      printLine(
        result.brokenAt === null
          ? `${result.entries} entries; the chain holds`
          : `the chain is broken at entry ${result.brokenAt} of ${result.entries}`,
      )
    return result.brokenAt === null ? 0 : 1
  })
}
