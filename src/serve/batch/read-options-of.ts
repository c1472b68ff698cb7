import { ReadOptions } from '../../data/data-options.ts'

/**
 * How a file for a model is read: what meant "missing" in training means it here too. Delimiter, header and decimals are of each file, and
 * are found by looking.
 * @param project The project of its manifest; older packages and those from elsewhere have the defaults.
 */
export function readOptionsOf(project: Readonly<Record<string, unknown>>): ReadOptions {
  const data = project['data'] as { read?: { missing?: unknown } } | undefined
  const parsed = ReadOptions.safeParse({ missing: data?.read?.missing })
  return parsed.success ? parsed.data : ReadOptions.parse({})
}
