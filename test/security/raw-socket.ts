import net from 'node:net'

export interface RawAnswer {
  /** Everything that came until the server closed, or was quiet for a while. */
  readonly text: string
  /** Statuses of the answers, in order. */
  readonly statuses: readonly number[]
  readonly closed: boolean
}

/** Writes bytes to a server and reads what it answers. @param quietMs Without a byte for so long the answer is taken to be whole. */
export function sendRaw(url: string, bytes: string | Uint8Array, quietMs = 1000): Promise<RawAnswer> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve) => {
    const socket = net.connect(Number(port), hostname)
    let text = ''
    let closed = false
    let timer: NodeJS.Timeout
    const done = () => {
      clearTimeout(timer)
      socket.destroy()
      resolve({
        text,
        statuses: [...text.matchAll(/HTTP\/1\.\d (\d{3}) /g)].map(([, status]) => Number(status)),
        closed,
      })
    }
    const wait = () => {
      clearTimeout(timer)
      timer = setTimeout(done, quietMs)
    }
    socket.on('data', (part) => {
      text += part.toString('latin1')
      wait()
    })
    socket.on('error', () => {
      closed = true
      done()
    })
    socket.on('close', () => {
      closed = true
      done()
    })
    socket.write(bytes)
    wait()
  })
}
