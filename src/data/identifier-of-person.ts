/** What leaves the same identifier for JavaScript's `trim`, as DuckDB's `trim` takes it. */
export const BLANKS =
  '\t\n\v\f\r \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000\ufeff'

/**
 * An identifier of a person as it is compared everywhere: blanks around it and the Unicode form in which it was typed make no other person.
 * @returns '' for one that is blank, which names nobody
 */
export function normalIdentifier(text: string): string {
  return text.trim().normalize('NFC')
}
