import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import S3rver from 's3rver'

/** A real S3-compatible server of its own on a free port, with one bucket. */
export interface TestS3 {
  /** `s3://bucket` */
  readonly bucket: string
  readonly port: number
  /** Stops it and removes its data; the environment is as it was before. */
  remove(): Promise<void>
  /** Stops it; its data stays. */
  stop(): Promise<void>
  /** Brings it back on the same port. */
  start(): Promise<void>
}

const BUCKET = 'bellwether-test'

/** Endpoint and credentials go where the AWS tools look for them: into this process's environment. */
export async function startS3(): Promise<TestS3> {
  const directory = await mkdtemp(path.join(os.tmpdir(), 'bellwether-s3-'))
  const server = (port: number) =>
    new S3rver({
      port,
      address: '127.0.0.1',
      silent: true,
      directory,
      configureBuckets: [{ name: BUCKET, configs: [] }],
    })
  let running = server(0)
  const { port } = await running.run()
  const settings: Readonly<Record<string, string>> = {
    AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${port}`,
    AWS_ACCESS_KEY_ID: 'S3RVER',
    AWS_SECRET_ACCESS_KEY: 'S3RVER',
  }
  const before = Object.keys(settings).map((name) => [name, process.env[name]] as const)
  Object.assign(process.env, settings)
  return {
    bucket: `s3://${BUCKET}`,
    port,
    stop: () => running.close(),
    async start() {
      running = server(port)
      await running.run()
    },
    async remove() {
      await running.close()
      await rm(directory, { recursive: true, force: true })
      for (const [name, value] of before) {
        if (value === undefined) delete process.env[name]
        else process.env[name] = value
      }
    },
  }
}
