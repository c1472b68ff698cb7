import { readFile } from 'node:fs/promises'
import { parse } from 'yaml'
import { z } from 'zod'
import { BellwetherError } from '../errors.ts'
import { ROLES, type Role } from '../security/permissions.ts'
import { TokenSettings } from '../security/token-verifier.ts'
import { CloudEventSettings } from '../serve/cloud-events/cloud-event-settings.ts'
import { ExtractionSettings } from '../serve/extraction/extraction-settings.ts'
import { Deprecations } from './deprecations.ts'
import { LogSettings } from './logs/log-settings.ts'

/** The server's settings file, YAML: what is said there holds for each start; flags and the environment come before it. */
export const ServerSettings = z.strictObject({
  authentication: z
    .enum(['auto', 'on', 'off'])
    .optional()
    .describe('`off` only where nobody else can reach the server.'),
  allowedHosts: z.array(z.string()).optional().describe('Names beside loopback that a Host header may carry.'),
  tls: z
    .strictObject({ cert: z.string(), key: z.string() })
    .optional()
    .describe('HTTPS: files in PEM, the certificate with its chain, and its private key.'),
  trustedProxies: z
    .array(z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()]))
    .optional()
    .describe('Addresses and networks of proxies whose `X-Forwarded-For` is believed.'),
  defaultModel: z.string().optional().describe('Model of `POST /predict`.'),
  cloudEvents: CloudEventSettings.optional().describe('Where predictions go as CloudEvents (docs/cloud-events.md).'),
  logs: LogSettings.optional().describe('Where the log goes and how long it stays (docs/logs.md).'),
  deprecations: Deprecations.optional().describe(
    'Which of `/predict`, `/predict/v1`, `/predict/v2` are on their way out.',
  ),
  limits: z
    .strictObject({
      addressRatePerMinute: z.int().min(1).optional().describe('Requests a minute of each address that shows no key.'),
      callerRatePerMinute: z
        .int()
        .min(1)
        .optional()
        .describe('Requests a minute of each key or token that says nothing else.'),
      bodyBytes: z.int().min(1024).optional().describe('Largest body of a request.'),
      batchBytes: z.int().min(1024).optional().describe('Largest table that a batch may send.'),
      datasetBytes: z.int().min(1024).optional().describe('Largest table or file that may become a dataset version.'),
      records: z.int().min(1).optional().describe('Most records in one request.'),
      requestTimeoutMs: z
        .int()
        .min(100)
        .optional()
        .describe('Time for a client to send a whole request that is no upload.'),
      uploadIdleMs: z
        .int()
        .min(100)
        .optional()
        .describe('An upload is given up when in so much time fewer bytes came than `uploadBytesPerSecond` makes.'),
      uploadBytesPerSecond: z.int().min(1).optional().describe('Slowest upload that is waited for.'),
      artifactBytes: z.int().min(1024).optional().describe('Largest artifact of a run or model.'),
      inFlight: z.int().min(1).optional().describe('Requests in flight, beyond which the answer is 503.'),
      eventLoopDelayMs: z
        .int()
        .min(10)
        .optional()
        .describe('Mean delay of the event loop, beyond which the answer is 503.'),
      memoryBytes: z
        .int()
        .min(64 * 1024 * 1024)
        .optional()
        .describe('Resident memory, beyond which the answer is 503; by default until the heap is nearly full.'),
      jsonDepth: z.int().min(4).max(1000).optional().describe('Levels of arrays and objects within one another.'),
      jsonFields: z.int().min(16).optional().describe('Members of one object.'),
    })
    .optional(),
  extraction: ExtractionSettings.optional().describe(
    'Who asks a model as one who copies it (docs/security.md, "Copying a model").',
  ),
  tokens: TokenSettings.optional().describe('OAuth 2 bearer tokens of an identity provider.'),
})
export type ServerSettings = z.output<typeof ServerSettings>

/**
 * Reads the settings file and the environment (`BELLWETHER_OIDC_ISSUER`, `_AUDIENCE`, `_ROLES_CLAIM`, `_ROLES` as
 * `value=role,value=role`), which comes before the file.
 * @throws FILE_NOT_FOUND, SETTINGS_INVALID
 */
export async function readServerSettings(
  file: string | undefined,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<ServerSettings> {
  const document = file === undefined ? {} : await readDocument(file)
  const tokens = tokensOf(environment)
  const merged =
    tokens === null || !isObject(document)
      ? document
      : { ...document, tokens: { ...asObject(document['tokens']), ...tokens } }
  const parsed = ServerSettings.safeParse(merged)
  if (parsed.success) return parsed.data
  const details = parsed.error.issues.map(({ path, message }) => ({ path: path.join('.'), message }))
  throw new BellwetherError(
    'SETTINGS_INVALID',
    `The server's settings are not as they should be: ${details.map(({ path, message }) => `${path}: ${message}`).join('; ')}`,
    { details },
  )
}

async function readDocument(file: string): Promise<unknown> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new BellwetherError('FILE_NOT_FOUND', `The settings file ${file} cannot be read.`, { cause })
  })
  try {
    return parse(text) ?? {}
  } catch (cause) {
    throw new BellwetherError('SETTINGS_INVALID', `The settings file ${file} is no YAML.`, { cause })
  }
}

function tokensOf(environment: Readonly<Record<string, string | undefined>>): Record<string, unknown> | null {
  const of = (name: string) => environment[`BELLWETHER_OIDC_${name}`] || undefined
  const [issuer, audience, rolesClaim, roles] = [of('ISSUER'), of('AUDIENCE'), of('ROLES_CLAIM'), of('ROLES')]
  const given = {
    ...(issuer ? { issuer } : {}),
    ...(audience ? { audience } : {}),
    ...(rolesClaim ? { rolesClaim } : {}),
    ...(roles ? { roles: rolesOf(roles) } : {}),
  }
  return Object.keys(given).length === 0 ? null : given
}

function rolesOf(text: string): Record<string, Role> {
  return Object.fromEntries(
    text.split(',').map((pair) => {
      const at = pair.lastIndexOf('=')
      const role = pair.slice(at + 1).trim() as Role
      if (at < 1 || !ROLES.includes(role))
        throw new BellwetherError(
          'SETTINGS_INVALID',
          `BELLWETHER_OIDC_ROLES takes value=role pairs with commas between; the roles are ${ROLES.join(', ')}.`,
        )
      return [pair.slice(0, at).trim(), role]
    }),
  )
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const asObject = (value: unknown) => (isObject(value) ? value : {})
