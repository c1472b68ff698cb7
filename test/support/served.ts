import { startBellwether } from './cli.ts'

/** What a server answered. */
export interface HttpAnswer<Body> {
  readonly status: number
  readonly body: Body
  readonly headers: Headers
}

/** A server in a process of its own. */
export interface Served {
  readonly url: string
  readonly pid: number
  get<Body>(path: string): Promise<HttpAnswer<Body>>
  post<Body>(path: string, body: unknown): Promise<HttpAnswer<Body>>
  /** Asks it to end and waits until it has. @returns its exit status, and all that it wrote */
  stop(): Promise<{ status: number | null; stdout: string; stderr: string }>
}

const URL_LINE = /http:\/\/127\.0\.0\.1:\d+/

/**
 * Starts `bellwether serve` (or another command that serves) on a free port and waits until it says its address.
 * @throws Error with what it wrote, when it ends instead
 */
export async function startServing(
  args: readonly string[],
  { timeoutMs = 120_000, env }: { readonly timeoutMs?: number; readonly env?: NodeJS.ProcessEnv } = {},
): Promise<Served> {
  const child = startBellwether([...args, '--port', '0'], env ? { env } : {})
  let stdout = ''
  let stderr = ''
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve))
  const url = await new Promise<string>((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill('SIGKILL')
      reject(new Error(`no address after ${timeoutMs} ms:\n${stdout}${stderr}`))
    }, timeoutMs)
    const look = () => {
      const found = URL_LINE.exec(stdout) ?? URL_LINE.exec(stderr)
      if (!found) return
      clearTimeout(timer)
      resolve(found[0])
    }
    child.stdout.on('data', (chunk) => {
      stdout += chunk
      look()
    })
    child.stderr.on('data', (chunk) => {
      stderr += chunk
      look()
    })
    void ended.then((status) => {
      clearTimeout(timer)
      reject(new Error(`ended with status ${status}:\n${stdout}${stderr}`))
    })
  })

  const request = async <Body>(path: string, init: RequestInit): Promise<HttpAnswer<Body>> => {
    const response = await fetch(`${url}${path}`, init)
    const type = response.headers.get('content-type') ?? ''
    const body = (type.includes('json') ? await response.json() : await response.text()) as Body
    return { status: response.status, body, headers: response.headers }
  }
  return {
    url,
    pid: child.pid!,
    get: (path) => request(path, {}),
    post: (path, body) =>
      request(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    async stop() {
      child.kill('SIGTERM')
      const timer = setTimeout(() => child.kill('SIGKILL'), 20_000)
      const status = await ended
      clearTimeout(timer)
      return { status, stdout, stderr }
    },
  }
}
