import type { FastifyRequest } from 'fastify'
import { checkSignedQuery, signedQuery } from '../../security/signed-url.ts'
import type { ArtifactStore } from '../../track/mlflow-stores.ts'
import { one } from './artifact-scope.ts'

/** Addresses of files and parts that MLflow's clients use without their key: each is good for one method and one path until it expires. */
export interface SignedAddresses {
  ofFile(request: FastifyRequest, method: 'GET' | 'PUT', path: string, seconds: number): Promise<string>
  ofPart(request: FastifyRequest, upload: string, number: number, seconds: number): Promise<string>
  /** @throws SIGNED_URL_INVALID, SIGNED_URL_EXPIRED */
  checkFile(request: FastifyRequest, path: string): Promise<void>
  checkPart(request: FastifyRequest, upload: string, number: number): Promise<void>
}

const FILES = '/api/2.0/mlflow-artifacts/signed'
const PARTS = '/api/2.0/mlflow-artifacts/mpu/parts'

const fileOf = (path: string) => `file:${path}`
const partOf = (upload: string, number: number) => `part:${upload}/${number}`

/** @param artifacts Keeps the secret of this installation, so that every process of it takes the addresses of the others. */
export function signedAddresses(artifacts: ArtifactStore, clock: () => number): SignedAddresses {
  let known: Promise<string> | null = null
  const secret = () => {
    known ??= artifacts.secret('signed-addresses').catch((error: unknown) => {
      known = null
      throw error
    })
    return known
  }
  const address = async (
    request: FastifyRequest,
    url: string,
    method: 'GET' | 'PUT',
    resource: string,
    seconds: number,
  ) => {
    const expires = Math.ceil(clock() / 1000) + seconds
    // The host was checked: an address can't be made to lead elsewhere.
    const origin = `${request.protocol}://${request.host}`
    return `${origin}${url}?${signedQuery(await secret(), { method, resource, expires })}`
  }
  const check = async (request: FastifyRequest, resource: string) => {
    const query = { expires: one(request, 'expires'), signature: one(request, 'signature') }
    const method = request.method === 'PUT' ? 'PUT' : 'GET'
    checkSignedQuery(await secret(), { method, resource }, query, clock())
  }
  return {
    ofFile: (request, method, path, seconds) =>
      address(request, `${FILES}/${path.split('/').map(encodeURIComponent).join('/')}`, method, fileOf(path), seconds),
    ofPart: (request, upload, number, seconds) =>
      address(request, `${PARTS}/${upload}/${number}`, 'PUT', partOf(upload, number), seconds),
    checkFile: (request, path) => check(request, fileOf(path)),
    checkPart: (request, upload, number) => check(request, partOf(upload, number)),
  }
}

export const SIGNED_FILES = `${FILES}/*`
export const SIGNED_PARTS = `${PARTS}/:upload_id/:part_number`
