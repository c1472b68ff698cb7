import { BellwetherError } from '../../errors.ts'
import { actor, parseReference, reasonGiven, text, withHome } from '../context.ts'
import { printJson, printLine } from '../output.ts'

export async function action(options: Record<string, unknown>, [reference]: string[]): Promise<number> {
  const { model, version } = parseReference(reference!)
  if (version === undefined) throw new BellwetherError('USAGE', `Name the version to promote: ${model}/2, say.`)
  const reason = reasonGiven(options)
  return withHome(options, async (home) => {
    const alias = text(options, 'alias') ?? 'champion'
    const promoted = await home.models.setAlias({
      model,
      alias,
      version,
      actor: actor(),
      reason,
      now: Date.now(),
    })
    if (options['json']) printJson(promoted)
    else printLine(`${alias} of ${model} is version ${promoted.version} now`)
    return 0
  })
}
