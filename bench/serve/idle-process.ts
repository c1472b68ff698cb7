/**
 * A process of its own that holds idle keep-alive connections: `idle-process.ts PORT COUNT`. Each asks once, so that the server keeps it, and then says
 * nothing. Prints `{"open": n}` when all are there; on the end of standard input asks once more on each, and prints `{"open": n, "lost": n}`.
 */
import { connect, type Socket } from 'node:net'

const [port, count] = process.argv.slice(2).map(Number) as [number, number]
const ASK = `GET /health/live HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: keep-alive\r\n\r\n`
const sockets: Socket[] = []
let lost = 0

/** Whether the connection answers 200 to a small question within 30 s. */
function ask(socket: Socket): Promise<boolean> {
  return new Promise((resolve) => {
    const done = (answered: boolean) => {
      clearTimeout(timer)
      socket.off('data', read).off('close', closed)
      resolve(answered)
    }
    const read = (bytes: Buffer) => done(bytes.toString('latin1').startsWith('HTTP/1.1 200'))
    const closed = () => done(false)
    const timer = setTimeout(closed, 30_000)
    if (socket.destroyed) return done(false)
    socket.on('data', read).on('close', closed)
    socket.write(ASK)
  })
}

function open(): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => {
      if (!sockets.includes(socket)) lost++
      resolve()
    })
    socket.once('connect', async () => {
      if (await ask(socket)) sockets.push(socket)
      else lost++
      resolve()
    })
  })
}

for (let begun = 0; begun < count; begun += 200) {
  await Promise.all(Array.from({ length: Math.min(200, count - begun) }, open))
}
console.log(JSON.stringify({ open: sockets.length, lost }))
process.stdin.resume()
await new Promise((resolve) => process.stdin.once('end', resolve))
let still = 0
for (let at = 0; at < sockets.length; at += 200) {
  still += (await Promise.all(sockets.slice(at, at + 200).map(ask))).filter(Boolean).length
}
console.log(JSON.stringify({ open: still, lost: lost + sockets.length - still }))
process.exit(0)
