import fastifySwagger from '@fastify/swagger'
import { createJsonSchemaTransform, createJsonSchemaTransformObject } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { ModelCache } from '../../serve/model-cache.ts'
import { VERSION } from '../../version.ts'
import type { TypedApp } from '../route-types.ts'
import { ErrorAnswer } from '../routes/api-schemas.ts'
import { ExplanationAnswer } from '../routes/predict-schemas.ts'
import { ANY_CREDENTIAL, SECURITY_SCHEMES, withAccessAnswers } from './access-answers.ts'
import { modelPath } from './model-paths.ts'

type Paths = Readonly<Record<string, Readonly<Record<string, unknown>>>>

export type OpenApiDocument = Readonly<Record<string, unknown>>

/** Schemas that the document names once and refers to. */
const components = z.registry<{ id: string }>()
components.add(ErrorAnswer, { id: 'Error' })
components.add(ExplanationAnswer, { id: 'Explanation' })

/**
 * Notes every route that is added after it, for the document.
 * @returns what makes the document: routes as they are, and a path for each model of the registry as it is now that the
 *   caller may see
 */
export async function describeApi(
  app: TypedApp,
  cache: ModelCache,
  maxRecords: number,
): Promise<(maySee: (model: string) => boolean) => Promise<OpenApiDocument>> {
  const ofRoutes = createJsonSchemaTransform({ schemaRegistry: components })
  await app.register(fastifySwagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Bellwether',
        version: VERSION,
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
        description:
          'Predictions with reasons, and what stands behind them: models, runs, data. Every error is one JSON object that names each fault and says what to do.',
      },
      servers: [{ url: '/' }],
      components: { securitySchemes: SECURITY_SCHEMES },
      security: ANY_CREDENTIAL,
    },
    transform(input) {
      const described = input.route.config?.document?.() as typeof input.schema | undefined
      const { schema, url } = ofRoutes(described ? { ...input, schema: described } : input)
      return {
        url,
        schema: input.route.config?.permission === 'public' ? { ...schema, security: [] } : schema,
      }
    },
    transformObject: createJsonSchemaTransformObject({ schemaRegistry: components }),
  })

  /** Routes are all added by the first time that somebody asks. */
  let base: (OpenApiDocument & { readonly paths: Paths }) | null = null
  let known: { readonly key: string; readonly document: OpenApiDocument } | null = null
  return async (maySee) => {
    const { revision, models } = await cache.registered()
    const champions = await Promise.all(
      models
        .filter(({ name, aliases }) => Object.hasOwn(aliases, 'champion') && maySee(name))
        // A champion that cannot be loaded has no schema to show; readiness and log say so.
        .map(({ name }) => cache.resolve(name, { alias: 'champion' }).catch(() => null)),
    )
    const served = champions.filter((champion) => champion !== null)
    const key = JSON.stringify([revision, served.map(({ name, version }) => [name, version])])
    if (known?.key !== key) {
      if (!base) {
        const made = app.swagger() as OpenApiDocument & { readonly paths: Paths }
        base = { ...made, paths: withAccessAnswers(made.paths) }
      }
      const ofModels = Object.fromEntries(served.map((model) => modelPath(model, maxRecords)))
      known = { key, document: { ...base, paths: { ...withAccessAnswers(ofModels), ...base.paths } } }
    }
    return known.document
  }
}
