import { firstOutput, goesLeft, type TreeEnsemble, treeCount } from './ensemble.ts'

/**
 * Exact interventional SHAP of a row beside one background row. For each column the Shapley value of the game v(S) = what the trees
 * say of a row that has the columns in S from `x` and all others from `background`:
 *   outputs(x) - outputs(background) = sum of contributions
 * Averaged over several background rows it is what shap's TreeExplainer(feature_perturbation='interventional') gives.
 *
 * A leaf that is reached with p columns from x and q from the background, and not without them, counts for each of the p columns
 * (p - 1)! q! / (p + q)!, and against each of the q columns p! (q - 1)! / (p + q)!.
 * @param x shape (nColumns), any values; so `background`.
 * @returns shape (nOutputs * nColumns), output by output; of the trees' sums.
 * @see Lundberg et al. (2020), https://doi.org/10.1038/s42256-019-0138-9, algorithm 3
 */
export function interventionalShap(trees: TreeEnsemble, x: Float64Array, background: Float64Array): Float64Array {
  const walk = new Pair(trees, x, background)
  for (let t = 0; t < treeCount(trees); t++) walk.tree(trees.roots[t]!, firstOutput(trees, t))
  return walk.contributions
}

/** Whose value a column on the path has been taken from. */
const NEITHER = 0
const FROM_X = 1
const FROM_BACKGROUND = 2

class Pair {
  readonly contributions: Float64Array
  readonly #trees: TreeEnsemble
  readonly #x: Float64Array
  readonly #background: Float64Array
  readonly #taken: Uint8Array
  /** Columns on the path that were taken from either, in order. */
  readonly #path: number[] = []
  #output = 0

  constructor(trees: TreeEnsemble, x: Float64Array, background: Float64Array) {
    this.contributions = new Float64Array(trees.nOutputs * trees.nColumns)
    this.#trees = trees
    this.#x = x
    this.#background = background
    this.#taken = new Uint8Array(trees.nColumns)
  }

  tree(root: number, output: number): void {
    this.#output = output
    this.#visit(root, 0, 0)
  }

  #visit(node: number, fromX: number, fromBackground: number): void {
    const trees = this.#trees
    const column = trees.feature[node]!
    if (column < 0) {
      this.#credit(trees.child[node]!, fromX, fromBackground)
      return
    }
    const left = trees.child[node]!
    const ofX = goesLeft(trees, node, this.#x[column]!) ? left : left + 1
    const ofBackground = goesLeft(trees, node, this.#background[column]!) ? left : left + 1
    const taken = this.#taken[column]!
    if (ofX === ofBackground || taken !== NEITHER) {
      this.#visit(taken === FROM_BACKGROUND ? ofBackground : ofX, fromX, fromBackground)
      return
    }
    this.#path.push(column)
    this.#taken[column] = FROM_X
    this.#visit(ofX, fromX + 1, fromBackground)
    this.#taken[column] = FROM_BACKGROUND
    this.#visit(ofBackground, fromX, fromBackground + 1)
    this.#taken[column] = NEITHER
    this.#path.pop()
  }

  #credit(leaf: number, fromX: number, fromBackground: number): void {
    if (this.#path.length === 0) return
    const { width, values, nColumns } = this.#trees
    const forX = fromX > 0 ? 1 / (fromX * binomial(fromX + fromBackground, fromX)) : 0
    const against = fromBackground > 0 ? 1 / (fromBackground * binomial(fromX + fromBackground, fromX)) : 0
    for (const column of this.#path) {
      const share = this.#taken[column] === FROM_X ? forX : -against
      for (let j = 0; j < width; j++) {
        this.contributions[(this.#output + j) * nColumns + column]! += share * values[leaf * width + j]!
      }
    }
  }
}

/** How many ways there are to choose k of n. */
function binomial(n: number, k: number): number {
  let result = 1
  for (let i = 1; i <= Math.min(k, n - k); i++) result = (result * (n - i + 1)) / i
  return result
}
