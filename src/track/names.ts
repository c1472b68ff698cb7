import { BellwetherError } from '../errors.ts'

/**
 * The grammar of names that people give: experiments, registered models, aliases. 1 to 250 ASCII letters, digits, dots, dashes, underscores
 * and inner spaces, a letter or digit first. So a name fits in a URL's path and in `name@alias` and `name/version`, and is
 * never a path: no slash, no backslash, no colon, no `..` alone. Project names are the lower-case part of it without spaces.
 */
const NAME = /^[A-Za-z0-9](?:[A-Za-z0-9._ -]{0,248}[A-Za-z0-9._-])?$/

/** An alias has no dots and spaces, and is never mistaken for a version: not digits alone, not `v` and digits, not `latest`. */
const ALIAS = /^(?!(?:v?\d+|latest)$)[A-Za-z0-9][A-Za-z0-9_-]{0,249}$/i

/** Keys of params, metrics and tags: 1 to 250 characters, none of them a control character. */
const KEY = /^[^\p{Cc}]{1,250}$/u

const RULES = {
  experiment: {
    pattern: NAME,
    rule: '1 to 250 letters, digits, dots, dashes, underscores and inner spaces, a letter or digit first',
  },
  model: {
    pattern: NAME,
    rule: '1 to 250 letters, digits, dots, dashes, underscores and inner spaces, a letter or digit first',
  },
  alias: {
    pattern: ALIAS,
    rule: '1 to 250 letters, digits, dashes and underscores, a letter or digit first; not `latest`, a number, or `v` and a number',
  },
  param: { pattern: KEY, rule: '1 to 250 characters without control characters' },
  metric: { pattern: KEY, rule: '1 to 250 characters without control characters' },
  tag: { pattern: KEY, rule: '1 to 250 characters without control characters' },
} as const satisfies Record<string, { pattern: RegExp; rule: string }>

export type NameKind = keyof typeof RULES

export function isName(kind: NameKind, name: string): boolean {
  return RULES[kind].pattern.test(name)
}

/** @throws INVALID_NAME */
export function checkName(kind: NameKind, name: string): void {
  if (isName(kind, name)) return
  const shown = JSON.stringify(name.length > 60 ? `${name.slice(0, 60)}…` : name)
  throw new BellwetherError(
    'INVALID_NAME',
    `${shown} is no name of ${kind === 'alias' || kind === 'experiment' ? 'an' : 'a'} ${kind}: expected ${RULES[kind].rule}.`,
  )
}
