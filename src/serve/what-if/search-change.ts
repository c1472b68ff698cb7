/** A value that a field may be changed to, by index, and what that costs. */
export interface Move {
  readonly field: number
  readonly value: number
  readonly cost: number
}

/** Moves of different fields, in the order of the fields. */
export type Change = readonly Move[]

/** What the model says of a record after a change. */
export interface Verdict {
  /** Whether that is what was wanted. */
  readonly reached: boolean
  /** How near it is: more is nearer. */
  readonly nearness: number
}

export interface ChangeSearch {
  /** The allowed moves of each field; shape (nFields, any). */
  readonly moves: readonly (readonly Move[])[]
  readonly maxFields: number
  /** Changes that may be asked about, those of one field included. */
  readonly budget: number
  /** One verdict per change, in order. */
  readonly ask: (changes: readonly Change[]) => Promise<readonly Verdict[]>
}

export interface FoundChange {
  /** The cheapest change that was found to reach what was wanted; null when none does. */
  readonly change: Change | null
  /** Changes that were asked about. */
  readonly asked: number
  /** Whether every change that would have been cheaper was asked about, so that there is none. */
  readonly exhaustive: boolean
}

/** Asked about in one go. */
const SLICE = 256
/** Changes that are gone on from at each level, where there are too many to try all. */
const BEAM = 12
/** Of one and the same set of fields. */
const BEAM_PER_FIELDS = 3
/** Of the budget, what is kept back for that. */
const SHARE_TO_MAKE_CHEAPER = 0.1

/**
 * The cheapest change that reaches what was wanted: of several that cost the same the one of fewer fields, then of the fields and values that come first. Where all
 * changes fit into the budget they are asked about in the order of their cost, until one reaches it; else a beam search goes on from the most promising, and what it finds
 * is made cheaper move by move. The same question finds the same change.
 *
 * A counterfactual explanation as in Wachter, Mittelstadt and Russell, "Counterfactual explanations without opening the black box" (2017), over allowed values
 * only ("actionable recourse", Ustun, Spangher and Liu, 2019).
 */
export async function searchChange(search: ChangeSearch): Promise<FoundChange> {
  if (countChanges(search) <= search.budget) return inOrderOfCost(search)
  return byBeam(search)
}

/** Changes of 1 to `maxFields` fields, as a number that may be huge. */
function countChanges({ moves, maxFields }: ChangeSearch): number {
  // Coefficients of the product of (1 + n x): how many changes of k fields there are.
  const ofSize = [1, ...new Array<number>(maxFields).fill(0)]
  for (const own of moves) for (let size = maxFields; size >= 1; size--) ofSize[size]! += ofSize[size - 1]! * own.length
  return ofSize.slice(1).reduce((sum, count) => sum + count, 0)
}

async function inOrderOfCost({ moves, maxFields, ask }: ChangeSearch): Promise<FoundChange> {
  const all: Change[] = []
  const grow = (change: Change, from: number) => {
    if (change.length > 0) all.push(change)
    if (change.length === maxFields) return
    for (let field = from; field < moves.length; field++)
      for (const move of moves[field]!) grow([...change, move], field + 1)
  }
  grow([], 0)
  all.sort(cheaperFirst)
  for (let start = 0; start < all.length; start += SLICE) {
    const slice = all.slice(start, start + SLICE)
    const verdicts = await ask(slice)
    const hit = verdicts.findIndex(({ reached }) => reached)
    if (hit >= 0) return { change: slice[hit]!, asked: start + slice.length, exhaustive: true }
  }
  return { change: null, asked: all.length, exhaustive: true }
}

interface Judged {
  readonly change: Change
  readonly nearness: number
}

async function byBeam({ moves, maxFields, budget, ask }: ChangeSearch): Promise<FoundChange> {
  let asked = 0
  let best: Change | null = null
  /** Those that do not reach it yet. */
  const judge = async (changes: readonly Change[]): Promise<Judged[]> => {
    asked += changes.length
    const verdicts = changes.length > 0 ? await ask(changes) : []
    return changes.flatMap((change, i): Judged[] => {
      const { reached, nearness } = verdicts[i]!
      if (!reached) return [{ change, nearness }]
      if (cheaperThanBest(change)) best = change
      return []
    })
  }
  const cheaperThanBest = (change: Change) => best === null || cheaperFirst(change, best) < 0
  const search = budget - Math.ceil(budget * SHARE_TO_MAKE_CHEAPER)

  const alone = new Map<Move, number>()
  let beam: readonly Judged[] = [{ change: [], nearness: 0 }]
  for (let size = 1; size <= maxFields && beam.length > 0; size++) {
    const grown = new Map<string, Judged>()
    for (const { change, nearness } of beam) {
      const used = new Set(change.map(({ field }) => field))
      for (const [field, own] of moves.entries()) {
        if (used.has(field)) continue
        for (const move of own) {
          const next = [...change, move].sort((x, y) => x.field - y.field)
          // As if moves added up: only the order matters, of which to ask about.
          if (cheaperThanBest(next))
            grown.set(keyOf(next), { change: next, nearness: nearness + (alone.get(move) ?? 0) })
        }
      }
    }
    const share = Math.floor((search - asked) / (maxFields - size + 1))
    const judged = await judge(
      [...grown.values()]
        .sort(nearestFirst)
        .slice(0, share)
        .map(({ change }) => change),
    )
    if (size === 1) for (const { change, nearness } of judged) alone.set(change[0]!, nearness)
    beam = promising(judged.filter(({ change }) => cheaperThanBest(change)))
  }
  // Move by move to a cheaper value, or none, as long as it still reaches what was wanted.
  for (let before: Change | null = null; best !== null && best !== before && asked < budget; ) {
    before = best
    const current: Change = best
    const cheaper = current.flatMap((move, at) => [
      ...(current.length > 1 ? [current.filter((_, i) => i !== at)] : []),
      ...moves[move.field]!.filter(({ cost }) => cost < move.cost).map((other) =>
        current.map((each, i) => (i === at ? other : each)),
      ),
    ])
    await judge(cheaper.sort(cheaperFirst).slice(0, budget - asked))
  }
  return { change: best, asked, exhaustive: false }
}

function nearestFirst(a: Judged, b: Judged): number {
  return b.nearness - a.nearness || cheaperFirst(a.change, b.change)
}

/** The nearest ones, at most a few of the same fields: so that the beam does not hold one idea in twelve shades. */
function promising(judged: readonly Judged[]): Judged[] {
  const ofFields = new Map<string, number>()
  const kept: Judged[] = []
  for (const each of judged.toSorted(nearestFirst)) {
    const fields = each.change.map(({ field }) => field).join()
    const count = ofFields.get(fields) ?? 0
    if (count === BEAM_PER_FIELDS) continue
    ofFields.set(fields, count + 1)
    kept.push(each)
    if (kept.length === BEAM) break
  }
  return kept
}

export function costOf(change: Change): number {
  return change.reduce((sum, { cost }) => sum + cost, 0)
}

function cheaperFirst(a: Change, b: Change): number {
  const difference = costOf(a) - costOf(b)
  if (Math.abs(difference) > 1e-12) return difference
  if (a.length !== b.length) return a.length - b.length
  for (const [i, move] of a.entries()) {
    const other = b[i]!
    if (move.field !== other.field) return move.field - other.field
    if (move.value !== other.value) return move.value - other.value
  }
  return 0
}

function keyOf(change: Change): string {
  return change.map(({ field, value }) => `${field}:${value}`).join()
}
