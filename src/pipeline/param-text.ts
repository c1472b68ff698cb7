import type { AnswerReport } from './build-answer.ts'

/** Options as a run has them among its params: a text as it stands, anything else as JSON, numbers with all their digits. */
export function paramTexts(params: Readonly<Record<string, unknown>>, prefix = ''): Record<string, string> {
  return Object.fromEntries(
    Object.entries(params).map(([key, value]) => [
      `${prefix}${key}`,
      typeof value === 'string' ? value : JSON.stringify(value),
    ]),
  )
}

/** The params of a run recorded before texts were kept as they stand: they had quotes. */
export function unquotedParams(params: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(params).map(([key, text]) => [key, unquoted(text)]))
}

/** Who answers, for people: `gradient-boosting 12 (0.7333), random-forest 3 (0.2667)`. The model's package has the weights in full. */
export function membersText(members: AnswerReport['members']): string {
  return members
    .map(({ estimator, trial, weight }) => `${estimator} ${trial} (${Number(weight.toFixed(4))})`)
    .join(', ')
}

function unquoted(text: string): string {
  if (!/^".*"$/s.test(text)) return text
  try {
    return String(JSON.parse(text))
  } catch {
    return text
  }
}
