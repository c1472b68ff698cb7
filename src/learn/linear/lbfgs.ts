import { throwIfCancelled } from '../check-fit-input.ts'

/**
 * A smooth convex function that is walked along rays. Linear models make this cheap: along a ray the scores are a straight
 * line, so that a probe costs no product with the matrix. The objective chooses the coordinates of gradients and directions;
 * the nearer its Hessian is to a multiple of the identity in them, the fewer iterations it takes.
 */
export interface RayObjective {
  /** Number of parameters. */
  readonly size: number
  /** Value at the present point. */
  readonly value: number
  /**
   * Writes the gradient at the present point; shape (size).
   * @returns Its largest component without sign in the parameters' own coordinates, which the tolerance is for.
   */
  gradient(out: Float64Array): number
  /** Sets the direction of the probes to come; shape (size). */
  aim(direction: Float64Array): void
  /** Value and slope at `present point + step * direction`. */
  probe(step: number): { readonly value: number; readonly slope: number }
  /** Makes the point of the last probe the present one. */
  accept(): void
}

export interface LbfgsOptions {
  /** Done when no component of the gradient is larger. */
  readonly tolerance: number
  readonly maxIterations: number
  readonly signal?: AbortSignal | undefined
}

export interface LbfgsResult {
  readonly iterations: number
  /** Largest component of the gradient without its sign at the end. */
  readonly gradientMax: number
  /** `precision`: rounding errors allow no further progress, so the point is as good as float64 gives. */
  readonly stoppedBy: 'tolerance' | 'precision' | 'iterations'
}

/** Pairs of steps and gradient changes that are kept. */
const MEMORY = 10
/** Share of the slope that the value must fall by at least (Armijo). */
const SUFFICIENT_DECREASE = 1e-4
/** Share of the slope that may be left at most (Wolfe). */
const CURVATURE = 0.9
/** What the value may rise by rounding alone. */
const ROUNDING = 1e-14
const MAX_PROBES = 50
/** Iterations without a smaller gradient or a value smaller by more than rounding, before `precision` is said. */
const MAX_STALLED = 8

/**
 * Minimises by limited-memory BFGS with a line search for the strong Wolfe conditions.
 * @throws CANCELLED
 * @see Nocedal and Wright (2006), Numerical Optimization, algorithms 7.4 and 3.5
 */
export function minimise(objective: RayObjective, options: LbfgsOptions): LbfgsResult {
  const { size } = objective
  const { tolerance, maxIterations, signal } = options
  const steps: Float64Array[] = []
  const changes: Float64Array[] = []
  let gradient = new Float64Array(size)
  let before = new Float64Array(size)
  const direction = new Float64Array(size)
  let gradientMax = objective.gradient(gradient)
  let smallest = Number.POSITIVE_INFINITY
  let stalled = 0
  for (let iterations = 0; ; iterations++) {
    if (gradientMax <= tolerance) return { iterations, gradientMax, stoppedBy: 'tolerance' }
    if (iterations === maxIterations) return { iterations, gradientMax, stoppedBy: 'iterations' }
    throwIfCancelled(signal)

    downhill(gradient, steps, changes, direction)
    let slope = dot(gradient, direction)
    if (!(slope < 0)) {
      steps.length = 0
      changes.length = 0
      downhill(gradient, steps, changes, direction)
      slope = dot(gradient, direction)
      if (!(slope < 0)) return { iterations, gradientMax, stoppedBy: 'precision' }
    }
    objective.aim(direction)
    const value = objective.value
    const step = wolfeStep(objective, value, slope)
    if (step === null) return { iterations, gradientMax, stoppedBy: 'precision' }
    objective.accept()
    ;[before, gradient] = [gradient, before]
    smallest = Math.min(smallest, gradientMax)
    gradientMax = objective.gradient(gradient)
    remember(steps, changes, direction, step, gradient, before)
    stalled = gradientMax < smallest || objective.value < value - ROUNDING * Math.abs(value) ? 0 : stalled + 1
    if (stalled > MAX_STALLED) return { iterations: iterations + 1, gradientMax, stoppedBy: 'precision' }
  }
}

/** out: `direction` = -(inverse Hessian, as the memory knows it) * gradient, by the two-loop recursion */
function downhill(
  gradient: Float64Array,
  steps: readonly Float64Array[],
  changes: readonly Float64Array[],
  direction: Float64Array,
): void {
  for (let i = 0; i < direction.length; i++) direction[i] = -gradient[i]!
  const shares = new Float64Array(steps.length)
  for (let m = steps.length - 1; m >= 0; m--) {
    shares[m] = dot(steps[m]!, direction) / dot(steps[m]!, changes[m]!)
    addScaled(direction, changes[m]!, -shares[m]!)
  }
  const last = steps.length - 1
  if (last >= 0) {
    const scale = dot(steps[last]!, changes[last]!) / dot(changes[last]!, changes[last]!)
    for (let i = 0; i < direction.length; i++) direction[i]! *= scale
  }
  for (let m = 0; m < steps.length; m++) {
    const share = dot(changes[m]!, direction) / dot(steps[m]!, changes[m]!)
    addScaled(direction, steps[m]!, shares[m]! - share)
  }
}

/** Keeps the pair of the step just made, unless rounding has eaten its curvature. */
function remember(
  steps: Float64Array[],
  changes: Float64Array[],
  direction: Float64Array,
  step: number,
  gradient: Float64Array,
  before: Float64Array,
): void {
  const full = steps.length === MEMORY
  const s = full ? steps.shift()! : new Float64Array(direction.length)
  const y = full ? changes.shift()! : new Float64Array(direction.length)
  for (let i = 0; i < s.length; i++) {
    s[i] = step * direction[i]!
    y[i] = gradient[i]! - before[i]!
  }
  if (dot(s, y) > Number.EPSILON * Math.sqrt(dot(s, s) * dot(y, y))) {
    steps.push(s)
    changes.push(y)
  }
}

/**
 * A step that meets the strong Wolfe conditions. The slope of a convex function rises along a ray, so a slope that is too
 * steep means "further" and one that is too large "back"; within the bracket by the secant of the slopes.
 * @returns The step of the last probe, or null when there is none above rounding.
 */
function wolfeStep(objective: RayObjective, value: number, slope: number): number | null {
  const slack = ROUNDING * Math.abs(value)
  let low = 0
  let lowSlope = slope
  let high = Number.POSITIVE_INFINITY
  let highSlope = Number.NaN
  let step = 1
  for (let probes = 0; probes < MAX_PROBES; probes++) {
    const at = objective.probe(step)
    const tooHigh = !(at.value <= value + SUFFICIENT_DECREASE * step * slope + slack)
    if (!tooHigh && Math.abs(at.slope) <= -CURVATURE * slope) return step
    if (tooHigh || at.slope > 0) {
      high = step
      highSlope = at.slope
    } else {
      low = step
      lowSlope = at.slope
    }
    if (high === Number.POSITIVE_INFINITY) {
      step *= 4
      continue
    }
    const secant = low + ((high - low) * -lowSlope) / (highSlope - lowSlope)
    const margin = 0.1 * (high - low)
    step = highSlope > 0 && secant > low + margin && secant < high - margin ? secant : (low + high) / 2
    if (!(high - low > Number.EPSILON * high)) return null
  }
  return null
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!
  return sum
}

function addScaled(to: Float64Array, vector: Float64Array, factor: number): void {
  for (let i = 0; i < to.length; i++) to[i]! += factor * vector[i]!
}
