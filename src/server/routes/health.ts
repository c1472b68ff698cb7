import { z } from 'zod'
import { BellwetherError, type ErrorDetail } from '../../errors.ts'
import { mayUse } from '../access.ts'
import { readyModels } from '../readiness.ts'
import type { RouteContext, TypedApp } from '../route-types.ts'
import { errorAnswers } from './api-schemas.ts'

const ReadyAnswer = z.object({
  status: z.literal('ready'),
  models: z
    .array(z.object({ name: z.string(), version: z.int(), alias: z.string() }))
    .describe('Those that the caller may see; each has just answered its own example.'),
  warnings: z
    .array(z.string())
    .describe('Such as a version that cannot be loaded, while the one before goes on answering.'),
})

/** Probes: alive is the process; ready is a real prediction. */
export async function healthRoutes(
  app: TypedApp,
  context: RouteContext & { readonly isClosing: () => boolean },
): Promise<void> {
  app.get(
    '/health/live',
    {
      config: { permission: 'public' },
      schema: {
        tags: ['health'],
        operationId: 'live',
        summary: 'The process answers',
        response: { 200: z.object({ status: z.literal('alive') }), ...errorAnswers() },
      },
    },
    async () => ({
      status: 'alive' as const,
    }),
  )

  app.get(
    '/health/ready',
    {
      config: { permission: 'public' },
      schema: {
        tags: ['health'],
        operationId: 'ready',
        summary: 'The models answer their own examples',
        response: { 200: ReadyAnswer, ...errorAnswers('NOT_READY') },
      },
    },
    async (request) => {
      if (context.isClosing()) throw new BellwetherError('NOT_READY', 'The server is closing.')
      const { ready, faults, failures } = await readyModels(context)
      const sees = (model: string) => mayUse(request, 'models:read', model)
      if (faults.length > 0 || ready.length === 0)
        throw notReady(
          faults.length,
          faults.filter(({ path }) => sees(path)),
        )
      return {
        status: 'ready' as const,
        models: ready.filter(({ name }) => sees(name)),
        warnings: failures
          .filter(({ model }) => sees(model))
          .map(({ model, version }) => `Version ${version} of "${model}" cannot be loaded; see the log.`),
      }
    },
  )
}

/** @param details The faults that the caller may see. */
function notReady(nFaults: number, details: readonly ErrorDetail[]): BellwetherError {
  if (nFaults === 0) return new BellwetherError('NOT_READY', 'No model has a champion yet.')
  return new BellwetherError(
    'NOT_READY',
    details[0] ? `${details[0].path}: ${details[0].message}` : 'A model cannot answer its own example.',
    { details },
  )
}
