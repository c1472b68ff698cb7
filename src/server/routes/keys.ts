import { z } from 'zod'
import { BellwetherError } from '../../errors.ts'
import { AUDIT_ACTIONS, type StoredKey } from '../../security/key-store.ts'
import { createKey, KeyOptions, keyById, revokeKey, rotateKey } from '../../security/manage-keys.ts'
import { ROLES, type Role } from '../../security/permissions.ts'
import type { Authentication } from '../authentication.ts'
import type { RouteContext, TypedApp } from '../route-types.ts'
import { errorAnswers } from './api-schemas.ts'

const KeyAnswer = z.object({
  id: z.string(),
  name: z.string(),
  role: z.enum(ROLES as [Role, ...Role[]]),
  models: z.array(z.string()).nullable(),
  sensitive: z.boolean(),
  ratePerMinute: z.int().nullable(),
  probabilities: z.union([z.int(), z.literal('withheld')]).nullable(),
  createdTime: z.int(),
  createdBy: z.string(),
  expiresTime: z.int().nullable(),
  revokedTime: z.int().nullable(),
  lastUsedTime: z.int().nullable().describe('To the minute.'),
})

const NewKeyAnswer = KeyAnswer.extend({ key: z.string().describe('The key itself: shown this once, kept nowhere.') })

const AuditAnswer = z.object({
  sequence: z.int(),
  time: z.int(),
  actor: z.string(),
  action: z.enum(AUDIT_ACTIONS),
  subject: z.string(),
  address: z.string().nullable(),
  detail: z.string(),
})

const Id = z.object({ id: z.string().max(100) })
const BODY_ERRORS = ['INVALID_INPUT', 'UNSUPPORTED_MEDIA_TYPE', 'BODY_TOO_LARGE', 'FORBIDDEN'] as const

/** `/api/v1/keys` and `/api/v1/audit`: who may get in, and what became of it. */
export async function keyRoutes(
  app: TypedApp,
  { stores: { keys, audit }, clock, authentication }: RouteContext & { readonly authentication: Authentication },
): Promise<void> {
  const tags = ['keys']

  app.get(
    '/api/v1/keys',
    {
      config: { permission: 'keys:manage' },
      schema: {
        tags,
        operationId: 'listKeys',
        summary: 'API keys, oldest first, also revoked and expired ones',
        response: { 200: z.object({ keys: z.array(KeyAnswer) }), ...errorAnswers('FORBIDDEN') },
      },
    },
    async () => ({ keys: (await keys.keys()).map(withoutHash) }),
  )

  app.post(
    '/api/v1/keys',
    {
      config: { permission: 'keys:manage' },
      schema: {
        tags,
        operationId: 'createKey',
        summary: 'A new API key; the first one turns authentication on',
        body: KeyOptions,
        response: { 201: NewKeyAnswer, ...errorAnswers(...BODY_ERRORS) },
      },
    },
    async ({ body, principal, ip }, reply) => {
      if (body.sensitive) requireSensitive(principal?.sensitive)
      const { key, stored } = await createKey(keys, body, { actor: actorOf(principal), now: clock(), address: ip })
      await authentication.changed()
      return reply.code(201).send({ key, ...withoutHash(stored) })
    },
  )

  app.post(
    '/api/v1/keys/:id/revoke',
    {
      config: { permission: 'keys:manage' },
      schema: {
        tags,
        operationId: 'revokeKey',
        summary: 'End a key at once',
        params: Id,
        body: z.strictObject({ reason: z.string().trim().max(1000).default('') }),
        response: { 200: KeyAnswer, ...errorAnswers('KEY_NOT_FOUND', ...BODY_ERRORS) },
      },
    },
    async ({ params: { id }, body, principal, ip }) => {
      await revokeKey(keys, id, { actor: actorOf(principal), now: clock(), address: ip }, body.reason)
      await authentication.changed()
      return withoutHash(await keyById(keys, id))
    },
  )

  app.post(
    '/api/v1/keys/:id/rotate',
    {
      config: { permission: 'keys:manage' },
      schema: {
        tags,
        operationId: 'rotateKey',
        summary: 'A new key in place of one, with the same scope',
        params: Id,
        body: z.strictObject({
          graceMinutes: z.number().min(0).max(43_200).default(0).describe('How long the old key still works.'),
        }),
        response: { 201: NewKeyAnswer, ...errorAnswers('KEY_NOT_FOUND', 'KEY_ENDED', ...BODY_ERRORS) },
      },
    },
    async ({ params: { id }, body, principal, ip }, reply) => {
      if ((await keyById(keys, id)).sensitive) requireSensitive(principal?.sensitive)
      const change = { actor: actorOf(principal), now: clock(), address: ip }
      const { key, stored } = await rotateKey(keys, id, body.graceMinutes * 60_000, change)
      await authentication.changed()
      return reply.code(201).send({ key, ...withoutHash(stored) })
    },
  )

  app.get(
    '/api/v1/audit',
    {
      config: { permission: 'audit:read' },
      schema: {
        tags,
        operationId: 'listAudit',
        summary: 'Changes of keys, refused access, and who asks a model as one who copies it; newest first',
        querystring: z.strictObject({
          limit: z.coerce.number().int().min(1).max(1000).default(100),
          before: z.coerce
            .number()
            .int()
            .min(1)
            .max(Number.MAX_SAFE_INTEGER)
            .optional()
            .describe('Only entries before this number.'),
        }),
        response: { 200: z.object({ entries: z.array(AuditAnswer) }), ...errorAnswers('INVALID_INPUT', 'FORBIDDEN') },
      },
    },
    async ({ query: { limit, before } }) => ({
      entries: await audit.entries({ limit, ...(before === undefined ? {} : { before }) }),
    }),
  )
}

const actorOf = (principal: { readonly actor: string } | null) => principal?.actor ?? 'api:unknown'

const withoutHash = ({ hash: _, ...key }: StoredKey) => key

/** Who does not see sensitive columns cannot make a key that does. */
function requireSensitive(sensitive: boolean | undefined): void {
  if (!sensitive) throw new BellwetherError('FORBIDDEN', 'This needs the permission "sensitive:read".')
}
