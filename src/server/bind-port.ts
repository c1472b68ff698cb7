import net from 'node:net'
import { BellwetherError } from '../errors.ts'
import { assertBindAllowed } from '../security/bind-address.ts'

/**
 * Listens for an instant and stops again: what long work should know beforehand, when a server is to follow it.
 * @throws AUTH_REQUIRED_FOR_BIND, PORT_IN_USE, BIND_FAILED
 */
export async function assertBindable(host: string, port: number, authentication: boolean): Promise<void> {
  assertBindAllowed(host, authentication)
  const probe = net.createServer()
  await new Promise<void>((resolve, reject) => {
    probe.once('error', (error) => reject(bindError(error, host, port)))
    probe.listen({ host, port }, resolve)
  })
  await new Promise((resolve) => probe.close(resolve))
}

/** The system's refusal to listen, in words; any other error as it is. */
export function bindError(error: unknown, host: string, port: number): unknown {
  const code = (error as NodeJS.ErrnoException).code
  if (code === 'EADDRINUSE')
    return new BellwetherError('PORT_IN_USE', `Port ${port} on ${host} is in use by another program.`, { cause: error })
  if (code === 'EACCES')
    return new BellwetherError('BIND_FAILED', `Not allowed to listen on port ${port} on ${host}.`, { cause: error })
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND' || code === 'EAI_AGAIN' || code === 'EAFNOSUPPORT') {
    return new BellwetherError('BIND_FAILED', `${host} is no address of this machine.`, { cause: error })
  }
  return error
}
