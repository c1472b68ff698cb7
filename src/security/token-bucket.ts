const MAX_BUCKETS = 10_000

interface Bucket {
  tokens: number
  time: number
}

export interface Taken {
  readonly allowed: boolean
  /** Whole requests that may follow at once. */
  readonly remaining: number
  /** Seconds until the next request is allowed (0: now), or until the bucket is full. */
  readonly waitSeconds: number
  readonly fullSeconds: number
}

/**
 * Rates by token bucket: each name has a bucket of a minute's requests, refilled evenly, so that a minute's worth may come at once
 * and the rate holds over time. By hand, because the usual plugin costs a fifth of the requests of a fast route; this is a look
 * into a map. Memory is bounded: the names that were quiet longest are forgotten first, and begin with a full bucket.
 */
export class TokenBuckets {
  readonly #buckets = new Map<string, Bucket>()

  take(name: string, perMinute: number, now: number): Taken {
    const perMs = perMinute / 60_000
    let bucket = this.#buckets.get(name)
    if (bucket === undefined) {
      bucket = { tokens: perMinute, time: now }
      if (this.#buckets.size >= MAX_BUCKETS) this.#buckets.delete(this.#buckets.keys().next().value!)
    } else {
      // A clock that is set back refills nothing; a rate that was lowered takes at once.
      bucket.tokens = Math.min(perMinute, bucket.tokens + Math.max(0, now - bucket.time) * perMs)
      bucket.time = now
      this.#buckets.delete(name)
    }
    this.#buckets.set(name, bucket)
    const allowed = bucket.tokens >= 1
    if (allowed) bucket.tokens--
    return {
      allowed,
      remaining: Math.floor(bucket.tokens),
      waitSeconds: bucket.tokens >= 1 ? 0 : Math.ceil((1 - bucket.tokens) / perMs / 1000),
      fullSeconds: Math.ceil((perMinute - bucket.tokens) / perMs / 1000),
    }
  }
}
