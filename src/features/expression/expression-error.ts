import { BellwetherError } from '../../errors.ts'

/** Line and column, both from 1, of a UTF-16 index in a text. A column is a character (code point), as editors count. */
export function lineAndColumn(text: string, index: number): { line: number; column: number } {
  const before = text.slice(0, index)
  const lineStart = before.lastIndexOf('\n') + 1
  return { line: before.split('\n').length, column: Array.from(before.slice(lineStart)).length + 1 }
}

/** EXPRESSION_INVALID with the place: `place` names where the expression stands, such as `features.derived.passRate`. */
export function expressionError(text: string, place: string, index: number, problem: string): BellwetherError {
  const { line, column } = lineAndColumn(text, index)
  return new BellwetherError('EXPRESSION_INVALID', `${place}, line ${line}, column ${column}: ${problem}`, {
    details: [{ path: `${place}:${line}:${column}`, message: problem }],
  })
}
