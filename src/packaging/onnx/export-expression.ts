import { BellwetherError } from '../../errors.ts'
import type { ExpressionState } from '../../features/expression/evaluate.ts'
import { parse } from '../../features/expression/parse.ts'
import type { BinaryOperator, Syntax } from '../../features/expression/types.ts'
import type { ColumnScope, ColumnValue } from './column-scope.ts'
import { exportCall } from './export-functions.ts'
import {
  alike,
  equality,
  isMissing,
  literal,
  missingWhere,
  type NumberValue,
  tested,
  textLiteral,
} from './expression-nodes.ts'
import type { GraphBuilder, TensorName } from './graph-builder.ts'

/**
 * A derived column as nodes. The expression was checked when the features were fitted; what it means is written in
 * `features/expression/`, and this says the same with tensors.
 * @throws NotInOnnx
 */
export function exportExpression(state: ExpressionState, scope: ColumnScope): ColumnValue {
  const columns = new Map(state.columns.map((column) => [column.name, column]))
  const syntax = parse(state.text, (_at, problem) => {
    throw new BellwetherError('INTERNAL', `An expression of the model can't be parsed: ${problem}.`)
  })
  return evaluate(syntax)

  function evaluate(node: Syntax): ColumnValue {
    const { builder } = scope
    switch (node.node) {
      case 'number':
        return literal(builder, 'number', node.value)
      case 'boolean':
        return literal(builder, 'boolean', node.value ? 1 : 0)
      case 'text':
        return textLiteral(builder, node.value)
      case 'column':
        return scope.value(columns.get(node.name)!)
      case 'unary': {
        const operand = evaluate(node.operand) as NumberValue
        if (node.operator === '+') return operand
        if (node.operator === '!') {
          return { type: 'boolean', tensor: builder.node('Sub', [builder.number(1), operand.tensor]) }
        }
        if (operand.literal !== undefined) return literal(builder, 'number', 0 - operand.literal)
        return { type: 'number', tensor: builder.node('Sub', [builder.number(0), operand.tensor]) }
      }
      case 'binary':
        return binary(builder, node.operator, evaluate(node.left), evaluate(node.right))
      case 'call':
        return exportCall(builder, node.name, node.args.map(evaluate))
    }
  }
}

const ARITHMETIC: Partial<Record<BinaryOperator, string>> = { '+': 'Add', '-': 'Sub', '*': 'Mul', '/': 'Div' }
const ORDER: Partial<Record<BinaryOperator, string>> = {
  '<': 'Less',
  '<=': 'LessOrEqual',
  '>': 'Greater',
  '>=': 'GreaterOrEqual',
}

function binary(builder: GraphBuilder, operator: BinaryOperator, left: ColumnValue, right: ColumnValue): ColumnValue {
  switch (operator) {
    case '&&':
    case '||':
      return logical(builder, operator, left.tensor, right.tensor)
    case '==':
      return { type: 'boolean', tensor: equality(builder, left, right) }
    case '!=':
      return { type: 'boolean', tensor: builder.node('Sub', [builder.number(1), equality(builder, left, right)]) }
    case '%':
      return { type: 'number', tensor: modulo(builder, left.tensor, right.tensor) }
  }
  const order = ORDER[operator]
  if (order) {
    const [a, b] = alike(builder, left, right)
    return { type: 'boolean', tensor: tested(builder, order, a.tensor, b.tensor) }
  }
  return { type: 'number', tensor: builder.finite(builder.node(ARITHMETIC[operator]!, [left.tensor, right.tensor])) }
}

/** false && missing is false, true || missing is true, anything else with a missing side is missing. */
function logical(builder: GraphBuilder, operator: '&&' | '||', x: TensorName, y: TensorName): ColumnValue {
  const decides = builder.number(operator === '||' ? 1 : 0)
  const decided = builder.node('Or', [builder.node('Equal', [x, decides]), builder.node('Equal', [y, decides])])
  return {
    type: 'boolean',
    tensor: builder.where(decided, decides, missingWhere(builder, isMissing(builder, x), y)),
  }
}

/** The remainder with the divisor's sign. */
function modulo(builder: GraphBuilder, a: TensorName, b: TensorName): TensorName {
  const zero = builder.number(0)
  const remainder = builder.node('Mod', [a, b], { fmod: { int: 1 } })
  const negative = (tensor: TensorName) => builder.node('Less', [tensor, zero])
  const otherSign = builder.node('Xor', [negative(remainder), negative(b)])
  const turned = builder.node('And', [builder.node('Not', [builder.node('Equal', [remainder, zero])]), otherSign])
  return builder.finite(builder.where(turned, builder.node('Add', [remainder, b]), remainder))
}
