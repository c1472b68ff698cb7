import { BellwetherError } from '../../errors.ts'
import { actor, parseReference, reasonGiven, text, withHome } from '../context.ts'
import { printJson, printLine } from '../output.ts'

export async function action(options: Record<string, unknown>, [reference]: string[]): Promise<number> {
  const { model, version } = parseReference(reference!)
  if (version === undefined) throw new BellwetherError('USAGE', `Name the version to promote: ${model}/2, say.`)
  const reason = reasonGiven(options)
  if (options['override'] === true && options['reason'] === undefined)
    throw new BellwetherError(
      'USAGE',
      '--override needs --reason: who reads the ledger wants to know why a gate was overruled.',
    )
  return withHome(options, async (home) => {
    const alias = text(options, 'alias') ?? 'champion'
    const promoted = await home.models.setAlias({
      model,
      alias,
      version,
      actor: actor(),
      reason,
      override: options['override'] === true,
      now: Date.now(),
    })
    if (options['json']) printJson(promoted)
    else printLine(`${alias} of ${model} is version ${promoted.version} now`)
    return 0
  })
}
