const FIRST_BYTES = 64 * 1024

/**
 * Lines of JSON as UTF-8, one after the other in one place that grows. The text of a line is garbage as soon as it is added: kept as strings until
 * they are written, lines outlive collections of young objects and fill the space for old ones.
 */
export class LineBuffer {
  #bytes = Buffer.allocUnsafeSlow(FIRST_BYTES)
  #end = 0
  #count = 0

  /** Lines that it holds. */
  get count(): number {
    return this.#count
  }

  /** Bytes that they take, each with its line feed. */
  get length(): number {
    return this.#end
  }

  /** Bytes that there is room for without growing. */
  get capacity(): number {
    return this.#bytes.length
  }

  /** @param line Without a line feed. @returns the bytes that it takes */
  add(line: string): number {
    // A UTF-16 unit takes three bytes at most.
    const needed = this.#end + 3 * line.length + 1
    if (needed > this.#bytes.length) this.#grow(needed)
    const begin = this.#end
    this.#end += this.#bytes.write(line, begin, 'utf8')
    this.#bytes[this.#end++] = 0x0a
    this.#count++
    return this.#end - begin
  }

  /** The lines, until the next call of `add` or `clear`. */
  bytes(): Buffer {
    return this.#bytes.subarray(0, this.#end)
  }

  clear(): void {
    this.#end = 0
    this.#count = 0
  }

  #grow(needed: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.#bytes.length))
    this.#bytes.copy(larger, 0, 0, this.#end)
    this.#bytes = larger
  }
}
