import { z } from 'zod'
import { ModelSignature } from '../../packaging/signature.ts'
import { liveAt } from '../../track/ledger.ts'
import { mayUse } from '../access.ts'
import type { RouteContext, TypedApp } from '../route-types.ts'
import {
  ChampionAnswer,
  errorAnswers,
  LedgerEntryAnswer,
  ModelVersionAnswer,
  RegisteredModelAnswer,
} from './api-schemas.ts'

const Name = z.object({ name: z.string() })
const NameAndVersion = Name.extend({ version: z.coerce.number().int().min(1).max(2_147_483_647) })
const reason = z.string().trim().min(1).max(1000).describe('Why; kept in the ledger.')
const alias = z.string().default('champion')

/** `/api/v1/models`: what is registered, and moving its aliases. */
export async function modelRoutes(app: TypedApp, { stores: { models }, cache, clock }: RouteContext): Promise<void> {
  const tags = ['models']

  app.get(
    '/api/v1/models',
    {
      config: { permission: 'models:read', scope: 'handler' },
      schema: {
        tags,
        operationId: 'listModels',
        summary: 'Registered models',
        response: { 200: z.object({ models: z.array(RegisteredModelAnswer) }), ...errorAnswers() },
      },
    },
    async (request) => ({
      models: (await models.models()).filter(({ name }) => mayUse(request, 'models:read', name)),
    }),
  )

  app.get(
    '/api/v1/models/:name',
    {
      config: { permission: 'models:read', scope: { param: 'name' } },
      schema: {
        tags,
        operationId: 'getModel',
        summary: 'One model with its champion and its versions',
        params: Name,
        response: {
          200: RegisteredModelAnswer.extend({
            champion: ChampionAnswer.nullable(),
            versions: z.array(ModelVersionAnswer),
          }),
          ...errorAnswers('MODEL_NOT_FOUND'),
        },
      },
    },
    async ({ params: { name } }) => {
      const [model, versions] = [await models.model(name), await models.versions(name)]
      const champion = versions.find(({ version }) => version === model.aliases['champion'])
      if (!champion) return { ...model, champion: null, versions }
      // What is said of a version lies in its package; where that can't be read, readiness and log tell.
      const notes = await cache.resolve(name, { version: champion.version }).then(
        ({ scorer }) => scorer.manifest.notes,
        () => [],
      )
      return { ...model, champion: { ...champion, notes }, versions }
    },
  )

  app.get(
    '/api/v1/models/:name/versions',
    {
      config: { permission: 'models:read', scope: { param: 'name' } },
      schema: {
        tags,
        operationId: 'listVersions',
        summary: 'Versions, newest first',
        params: Name,
        response: { 200: z.object({ versions: z.array(ModelVersionAnswer) }), ...errorAnswers('MODEL_NOT_FOUND') },
      },
    },
    async ({ params: { name } }) => ({ versions: await models.versions(name) }),
  )

  app.get(
    '/api/v1/models/:name/versions/:version',
    {
      config: { permission: 'models:read', scope: { param: 'name' } },
      schema: {
        tags,
        operationId: 'getVersion',
        summary: 'One version',
        params: NameAndVersion,
        response: { 200: ModelVersionAnswer, ...errorAnswers('VERSION_NOT_FOUND', 'INVALID_INPUT') },
      },
    },
    async ({ params: { name, version } }) => models.version(name, version),
  )

  app.get(
    '/api/v1/models/:name/signature',
    {
      config: { permission: 'models:read', scope: { param: 'name' } },
      schema: {
        tags,
        operationId: 'getSignature',
        summary: 'What the champion takes and gives',
        params: Name,
        response: { 200: ModelSignature, ...errorAnswers('MODEL_NOT_FOUND', 'MODEL_UNAVAILABLE') },
      },
    },
    async ({ params: { name } }) => (await cache.resolve(name, { alias: 'champion' })).scorer.signature,
  )

  app.get(
    '/api/v1/models/:name/versions/:version/signature',
    {
      config: { permission: 'models:read', scope: { param: 'name' } },
      schema: {
        tags,
        operationId: 'getVersionSignature',
        summary: 'What a version takes and gives',
        params: NameAndVersion,
        response: { 200: ModelSignature, ...errorAnswers('VERSION_NOT_FOUND', 'MODEL_UNAVAILABLE', 'INVALID_INPUT') },
      },
    },
    async ({ params: { name, version } }) => (await cache.resolve(name, { version })).scorer.signature,
  )

  app.get(
    '/api/v1/models/:name/history',
    {
      config: { permission: 'models:read', scope: { param: 'name' } },
      schema: {
        tags,
        operationId: 'getHistory',
        summary: 'Every change of versions and aliases, oldest first',
        params: Name,
        response: { 200: z.object({ entries: z.array(LedgerEntryAnswer) }), ...errorAnswers('MODEL_NOT_FOUND') },
      },
    },
    async ({ params: { name } }) => ({ entries: await models.history(name) }),
  )

  app.get(
    '/api/v1/models/:name/live',
    {
      config: { permission: 'models:read', scope: { param: 'name' } },
      schema: {
        tags,
        operationId: 'getLive',
        summary: 'What each alias pointed at, at a time',
        params: Name,
        querystring: z.strictObject({
          at: z.coerce.number().int().nonnegative().optional().describe('In milliseconds; now where left out.'),
        }),
        response: {
          200: z.object({
            at: z.number(),
            live: z.array(LedgerEntryAnswer).describe('The entry that made each alias point where it did.'),
          }),
          ...errorAnswers('MODEL_NOT_FOUND', 'INVALID_INPUT'),
        },
      },
    },
    async ({ params: { name }, query }) => {
      const entries = await models.history(name)
      const at = query.at ?? clock()
      const aliases = [...new Set(entries.flatMap((entry) => entry.alias ?? []))].sort()
      return { at, live: aliases.flatMap((each) => liveAt(entries, each, at) ?? []) }
    },
  )

  app.post(
    '/api/v1/models/:name/promote',
    {
      config: { permission: 'models:promote', scope: { param: 'name' } },
      schema: {
        tags,
        operationId: 'promote',
        summary: 'Point an alias at a version',
        params: Name,
        body: z.strictObject({
          version: z.int().min(1).max(2_147_483_647),
          alias,
          reason,
          override: z.boolean().default(false).describe('Make it champion although a gate said no.'),
        }),
        response: {
          200: ModelVersionAnswer,
          ...errorAnswers(
            'VERSION_NOT_FOUND',
            'GATES_NOT_PASSED',
            'INVALID_INPUT',
            'UNSUPPORTED_MEDIA_TYPE',
            'BODY_TOO_LARGE',
          ),
        },
      },
    },
    async ({ params: { name }, body, principal }) => {
      const version = await models.setAlias({
        model: name,
        ...body,
        actor: principal?.actor ?? 'api:unknown',
        now: clock(),
      })
      await serveNow(name, body.alias)
      return version
    },
  )

  app.post(
    '/api/v1/models/:name/rollback',
    {
      config: { permission: 'models:promote', scope: { param: 'name' } },
      schema: {
        tags,
        operationId: 'rollback',
        summary: 'Point an alias back at what it pointed at before',
        params: Name,
        body: z.strictObject({
          alias,
          reason,
          toVersion: z.int().min(1).max(2_147_483_647).optional().describe('A version that it pointed at before.'),
          toTime: z.int().nonnegative().optional().describe('What it pointed at then, in milliseconds.'),
        }),
        response: {
          200: ModelVersionAnswer,
          ...errorAnswers(
            'ALIAS_NOT_FOUND',
            'NOTHING_TO_ROLL_BACK',
            'INVALID_INPUT',
            'UNSUPPORTED_MEDIA_TYPE',
            'BODY_TOO_LARGE',
          ),
        },
      },
    },
    async ({ params: { name }, body: { toVersion, toTime, ...body }, principal }) => {
      const version = await models.rollback({
        model: name,
        ...body,
        ...(toVersion === undefined ? {} : { toVersion }),
        ...(toTime === undefined ? {} : { toTime }),
        actor: principal?.actor ?? 'api:unknown',
        now: clock(),
      })
      await serveNow(name, body.alias)
      return version
    },
  )

  /** The next request is answered by what the alias points at now, where that can be loaded. */
  async function serveNow(model: string, alias: string): Promise<void> {
    await cache.refresh()
    await cache.resolve(model, { alias }).catch(() => null)
  }
}
