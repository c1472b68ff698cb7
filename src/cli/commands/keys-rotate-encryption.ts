import { BellwetherError } from '../../errors.ts'
import { keyRingFromEnvironment } from '../../security/at-rest/key-ring.ts'
import { withHome } from '../context.ts'
import { withPredictionLog } from '../open-prediction-log.ts'
import { note, printJson, printLine } from '../output.ts'

/** Brings what is kept under the first key of the ring. @returns exit status 1 where blobs are damaged, or another key is still written under */
export async function action(options: Record<string, unknown>): Promise<number> {
  const ring = await keyRingFromEnvironment(process.env)
  if (!ring) {
    throw new BellwetherError(
      'ENCRYPTION_KEY_MISSING',
      'Neither BELLWETHER_ENCRYPTION_KEYS nor BELLWETHER_ENCRYPTION_KEY_FILE is set; the first key there is the one to go to.',
    )
  }
  return withHome(options, async (home) => {
    const rotation = await home.blobs.rotateEncryption(ring)
    const predictionFiles = await withPredictionLog(home.folder, (log) => log.rotateEncryption())
    const { current, rewrapped, encrypted, damaged, stillInUse } = rotation
    if (options['json']) printJson({ key: ring.current.id, ...rotation, predictionFiles })
    else {
      printLine(
        `key ${ring.current.id}: ${rewrapped} blobs under it anew, ${encrypted} encrypted for the first time, ${current} under it already; ` +
          `${predictionFiles} files of the prediction log written anew`,
      )
      for (const hash of damaged) note(`damaged, left as it is: ${hash}`)
      if (damaged.length === 0 && stillInUse.length > 0)
        note(
          `a process wrote under the key ${stillInUse.join(' and ')} meanwhile: restart it with the current key first, and run this again`,
        )
      else if (damaged.length === 0 && ring.ids.length > 1)
        note(
          'no other key is needed now, unless a project has `sensitive: encrypt`: such values in the prediction log keep theirs until they expire',
        )
    }
    return damaged.length > 0 || stillInUse.length > 0 ? 1 : 0
  })
}
