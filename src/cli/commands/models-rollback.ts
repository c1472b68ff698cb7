import { actor, reasonGiven, text, withHome } from '../context.ts'
import { printJson, printLine } from '../output.ts'

export async function action(options: Record<string, unknown>, [model]: string[]): Promise<number> {
  const reason = reasonGiven(options)
  return withHome(options, async (home) => {
    const alias = text(options, 'alias') ?? 'champion'
    const restored = await home.models.rollback({
      model: model!,
      alias,
      actor: actor(),
      reason,
      now: Date.now(),
    })
    if (options['json']) printJson(restored)
    else printLine(`${alias} of ${model} is back at version ${restored.version}`)
    return 0
  })
}
