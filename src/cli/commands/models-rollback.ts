import { CHAMPION, sharesInWords } from '../../track/traffic-plan.ts'
import { actor, reasonGiven, text, wholeNumber, withHome } from '../context.ts'
import { printJson, printLine } from '../output.ts'
import { timeGiven } from '../time-given.ts'

export async function action(options: Record<string, unknown>, [model]: string[]): Promise<number> {
  const reason = reasonGiven(options)
  const toVersion = wholeNumber(options, 'toVersion', 1, 2_147_483_647)
  const toTime = timeGiven(options, 'toTime')
  return withHome(options, async (home) => {
    const alias = text(options, 'alias') ?? 'champion'
    const restored = await home.models.rollback({
      model: model!,
      alias,
      actor: actor(),
      reason,
      now: Date.now(),
      ...(toVersion === undefined ? {} : { toVersion }),
      ...(toTime === undefined ? {} : { toTime }),
    })
    if (options['json']) printJson(restored)
    else {
      const { traffic } = await home.models.model(model!)
      printLine(`${alias} of ${model} is back at version ${restored.version}`)
      if (traffic && alias === CHAMPION) printLine(`its traffic: ${sharesInWords(traffic)}`)
    }
    return 0
  })
}
