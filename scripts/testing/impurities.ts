import ts from 'typescript'

/** A use of the outside world in code that must be pure. */
export interface Impurity {
  readonly line: number
  readonly use: string
}

/** Names of the surroundings: the host, the clock, the network, randomness. A pure file may not reach for them. */
const SURROUNDINGS = new Set([
  'process',
  'Buffer',
  'require',
  '__dirname',
  '__filename',
  'global',
  'globalThis',
  'window',
  'self',
  'document',
  'navigator',
  'localStorage',
  'sessionStorage',
  'indexedDB',
  'fetch',
  'XMLHttpRequest',
  'WebSocket',
  'performance',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'console',
  'crypto',
])

/** Members of harmless names that are not pure. */
const IMPURE_MEMBERS = new Set(['Math.random', 'Date.now', 'import.meta'])

/**
 * Finds where a source file uses the clock, randomness, the network or the host. A name that the file itself declares
 * (a parameter called `process`) is its own and no finding; comments and texts are none either.
 */
export function findImpurities(source: string, fileName = 'source.ts'): Impurity[] {
  const file = ts.createSourceFile(fileName, source, ts.ScriptTarget.ESNext, true)
  const declared = declaredNames(file)
  const found: Impurity[] = []
  const report = (node: ts.Node, use: string): void => {
    found.push({ line: file.getLineAndCharacterOfPosition(node.getStart(file)).line + 1, use })
  }
  const visit = (node: ts.Node): void => {
    if (ts.isPropertyAccessExpression(node) || ts.isMetaProperty(node)) {
      const text = node.getText(file).replaceAll(/\s+/g, '')
      if (IMPURE_MEMBERS.has(text)) report(node, text)
    }
    if (ts.isNewExpression(node) && node.expression.getText(file) === 'Date' && (node.arguments?.length ?? 0) === 0)
      report(node, 'new Date()')
    if (ts.isCallExpression(node) && ts.isIdentifier(node.expression) && node.expression.text === 'Date')
      report(node, 'Date()')
    if (ts.isIdentifier(node) && SURROUNDINGS.has(node.text) && !declared.has(node.text) && isReference(node))
      report(node, node.text)
    ts.forEachChild(node, visit)
  }
  visit(file)
  return found
}

/** Every name that the file binds: variables, parameters, functions, classes, imports. */
function declaredNames(file: ts.SourceFile): Set<string> {
  const names = new Set<string>()
  const visit = (node: ts.Node): void => {
    const named =
      ts.isVariableDeclaration(node) ||
      ts.isParameter(node) ||
      ts.isBindingElement(node) ||
      ts.isFunctionDeclaration(node) ||
      ts.isClassDeclaration(node) ||
      ts.isImportSpecifier(node) ||
      ts.isImportClause(node) ||
      ts.isNamespaceImport(node)
    if (named && node.name && ts.isIdentifier(node.name)) names.add(node.name.text)
    ts.forEachChild(node, visit)
  }
  visit(file)
  return names
}

/** Whether an identifier stands for a value, not for a property, a key or a type's member. */
function isReference(node: ts.Identifier): boolean {
  const parent = node.parent
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === node
  if (ts.isQualifiedName(parent)) return parent.left === node
  if (ts.isPropertyAssignment(parent)) return parent.initializer === node
  if (ts.isTypeReferenceNode(parent)) return false
  return !(
    ts.isPropertySignature(parent) ||
    ts.isPropertyDeclaration(parent) ||
    ts.isMethodDeclaration(parent) ||
    ts.isMethodSignature(parent) ||
    ts.isBindingElement(parent) ||
    ts.isLiteralTypeNode(parent)
  )
}
