import { BellwetherError } from '../errors.ts'
import { keyRingFromEnvironment } from '../security/at-rest/key-ring.ts'
import { type DataRemote, openRemote } from '../store/remote/open-remote.ts'
import { text } from './context.ts'

/** Names the remote where nothing else does. */
export const DATA_REMOTE_VARIABLE = 'BELLWETHER_DATA_REMOTE'

/** Opens `--remote`, or what the environment names, hands it over, and closes it whatever happens. @throws USAGE */
export async function withRemote<T>(
  options: Record<string, unknown>,
  readOnly: boolean,
  use: (remote: DataRemote) => Promise<T>,
): Promise<T> {
  const place = text(options, 'remote') ?? process.env[DATA_REMOTE_VARIABLE]
  if (!place)
    throw new BellwetherError(
      'USAGE',
      `No remote was given: name a folder or s3:// address with --remote or ${DATA_REMOTE_VARIABLE}.`,
    )
  const ring = await keyRingFromEnvironment(process.env)
  const remote = await openRemote(place, { readOnly, now: Date.now(), ring })
  try {
    return await use(remote)
  } finally {
    await remote.close()
  }
}
