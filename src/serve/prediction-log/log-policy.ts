import { PredictionLogOptions } from '../../pipeline/serving-options.ts'

/** What a model's project says of its log, out of its manifest; older packages have the defaults. */
export function logPolicyOf(project: Readonly<Record<string, unknown>>): {
  readonly options: PredictionLogOptions
  /** Column that names the person; null where the project has none. */
  readonly id: string | null
  readonly sensitive: readonly string[]
  /** Whether predictions may go to a collector of events. */
  readonly cloudEvents: boolean
} {
  const serving = project['serving'] as { predictionLog?: unknown; cloudEvents?: unknown } | undefined
  const data = project['data'] as { id?: unknown; sensitive?: unknown } | undefined
  const parsed = PredictionLogOptions.safeParse(serving?.predictionLog ?? {})
  return {
    options: parsed.success ? parsed.data : PredictionLogOptions.parse({}),
    id: typeof data?.id === 'string' ? data.id : null,
    sensitive: Array.isArray(data?.sensitive)
      ? data.sensitive.filter((name): name is string => typeof name === 'string')
      : [],
    cloudEvents: serving?.cloudEvents !== false,
  }
}
