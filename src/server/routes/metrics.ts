import { z } from 'zod'
import type { RouteContext, TypedApp } from '../route-types.ts'

/** `/metrics`, for Prometheus. */
export async function metricsRoutes(app: TypedApp, { metrics: { registry } }: RouteContext): Promise<void> {
  app.get(
    '/metrics',
    {
      config: { permission: 'metrics:read' },
      schema: {
        tags: ['health'],
        operationId: 'metrics',
        summary: 'Prometheus metrics',
        produces: ['text/plain'],
        response: { 200: z.string() },
      },
    },
    async (_request, reply) => {
      const text = await registry.metrics()
      return reply.type(registry.contentType).send(text)
    },
  )
}
