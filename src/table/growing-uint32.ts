const FIRST_CAPACITY = 1024

/** Whole numbers from 0 to 2³² - 1, one after the other: 4 bytes each and as many again for those to come. */
export class GrowingUint32 {
  #values = new Uint32Array(FIRST_CAPACITY)
  #length = 0

  get length(): number {
    return this.#length
  }

  push(value: number): void {
    if (this.#length === this.#values.length) {
      const larger = new Uint32Array(this.#length * 2)
      larger.set(this.#values)
      this.#values = larger
    }
    this.#values[this.#length++] = value
  }

  /** A copy of them. */
  values(): Uint32Array {
    return this.#values.slice(0, this.#length)
  }
}
