import type { ServedModel } from '../../serve/model-cache.ts'
import { type JsonSchema, predictionSchema, recordSchema } from '../../serve/record-schema.ts'

/** Components that the document defines once (`document.ts`). */
const EXPLANATION = { $ref: '#/components/schemas/Explanation' }
const ERROR = { $ref: '#/components/schemas/Error' }

/**
 * The predict path of one registered model, with the columns that its champion takes and the labels that it gives. It is the
 * generic path with the name filled in; OpenAPI matches concrete paths before templated ones.
 */
export function modelPath(served: ServedModel, maxRecords: number): [path: string, item: JsonSchema] {
  const { name, version } = served
  const { signature, manifest } = served.scorer
  const description = [manifest.intendedUse, ...manifest.notes].filter(Boolean).join('\n\n')
  const failed = { type: 'object', properties: { error: ERROR }, required: ['error'] }
  return [
    `/api/v1/models/${encodeURIComponent(name)}/predict`,
    {
      post: {
        operationId: `predict ${name}`.replaceAll(
          /[^A-Za-z0-9]+(.)?/g,
          (_, next?: string) => next?.toUpperCase() ?? '',
        ),
        tags: [`model ${name}`],
        summary: `Predict ${signature.target?.name ?? 'clusters'} with version ${version} of ${name}`,
        ...(description === '' ? {} : { description }),
        requestBody: {
          required: true,
          content: {
            'application/json': {
              schema: {
                type: 'object',
                properties: {
                  records: { type: 'array', items: recordSchema(signature), maxItems: maxRecords },
                  explain: {
                    type: 'boolean',
                    default: false,
                    description: 'Add the contributions to each prediction.',
                  },
                  onError: {
                    type: 'string',
                    enum: ['refuse', 'partial'],
                    default: 'refuse',
                    description: 'What becomes of a batch with bad records.',
                  },
                },
                required: ['records'],
                additionalProperties: false,
              },
              example: { records: [signature.example], explain: false },
            },
          },
        },
        responses: {
          200: {
            description: 'One prediction per record, in order.',
            content: {
              'application/json': {
                schema: {
                  type: 'object',
                  properties: {
                    model: {
                      type: 'object',
                      properties: {
                        name: { const: name },
                        version: { type: 'integer' },
                        alias: { type: ['string', 'null'] },
                      },
                      required: ['name', 'version', 'alias'],
                    },
                    predictions: {
                      type: 'array',
                      items: { anyOf: [predictionSchema(signature, EXPLANATION), failed] },
                    },
                  },
                  required: ['model', 'predictions'],
                },
              },
            },
          },
          ...Object.fromEntries(
            Object.entries(FAILURES).map(([status, description]) => [
              status,
              { description, content: { 'application/json': { schema: ERROR } } },
            ]),
          ),
        },
      },
    },
  ]
}

const FAILURES: Readonly<Record<number, string>> = {
  400: 'A field is missing, mistyped or out of range; every fault is named.',
  403: 'The Host or the Origin is not allowed.',
  404: 'The model has no champion any more.',
  413: 'The body is too large.',
  415: 'The body is not application/json.',
  422: 'The model has no finite answer to a valid record.',
  500: 'A fault of Bellwether.',
  503: 'The champion cannot be loaded.',
}
