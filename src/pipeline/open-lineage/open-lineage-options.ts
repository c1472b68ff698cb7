import { z } from 'zod'

/** `lineage.openLineage` of the project file. */
export const OpenLineageOptions = z
  .strictObject({
    file: z.string().min(1).optional().describe('File that events are added to, a line each; relative to the project.'),
    url: z
      .url({ protocol: /^https?$/ })
      .optional()
      .describe('Address that takes events over HTTP, such as https://lineage.example.org/api/v1/lineage.'),
    namespace: z
      .string()
      .min(1)
      .max(200)
      .default('bellwether')
      .describe('Namespace of jobs, dataset versions, models.'),
    allowPrivate: z.boolean().default(false).describe('The address may be one of a private network.'),
  })
  .refine(({ file, url }) => file !== undefined || url !== undefined, { message: 'needs file or url' })
export type OpenLineageOptions = z.output<typeof OpenLineageOptions>

/** Where events go. */
export interface LineageTargets {
  readonly files: readonly string[]
  readonly addresses: readonly {
    readonly url: string
    readonly allowPrivate: boolean
    readonly headers: Readonly<Record<string, string>>
  }[]
  readonly namespace: string
}

/**
 * Where events go by the project file and by the environment, whose names are those of OpenLineage's own clients: `OPENLINEAGE_URL`,
 * `OPENLINEAGE_ENDPOINT` (default `api/v1/lineage`), `OPENLINEAGE_API_KEY`, `OPENLINEAGE_NAMESPACE`, `OPENLINEAGE_DISABLED`. The key goes to the address of
 * the environment alone: a project file must not lead it elsewhere.
 * @param resolve Makes a path of the project absolute.
 * @returns null where nobody asked for events
 */
export function lineageTargets(
  options: OpenLineageOptions | undefined,
  environment: Readonly<Record<string, string | undefined>>,
  resolve: (file: string) => string,
): LineageTargets | null {
  if (/^(?:1|true)$/i.test(environment['OPENLINEAGE_DISABLED'] ?? '')) return null
  const key = environment['OPENLINEAGE_API_KEY']
  const base = environment['OPENLINEAGE_URL']
  const addresses: LineageTargets['addresses'][number][] = []
  if (base) {
    const url = joined(base, environment['OPENLINEAGE_ENDPOINT'] || 'api/v1/lineage')
    // Who sets the environment is the operator.
    addresses.push({ url, allowPrivate: true, headers: key ? { authorization: `Bearer ${key}` } : {} })
  }
  if (options?.url && !addresses.some(({ url }) => url === options.url))
    addresses.push({ url: options.url, allowPrivate: options.allowPrivate, headers: {} })
  const files = options?.file ? [resolve(options.file)] : []
  if (addresses.length + files.length === 0) return null
  return { files, addresses, namespace: environment['OPENLINEAGE_NAMESPACE'] || options?.namespace || 'bellwether' }
}

function joined(base: string, endpoint: string): string {
  return `${base.replace(/\/+$/, '')}/${endpoint.replace(/^\/+/, '')}`
}
