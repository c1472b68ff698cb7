import { constants, createZstdCompress, type ZstdCompress } from 'node:zlib'

/**
 * Packs frame after frame with one compressor. Node's `zstdCompress` makes a compressor for each call, and V8's collection of young objects lets none
 * of them go, nor its buffers: they wait for a collection of the whole heap. A log that packs ten frames a second grew by a megabyte a second
 * until then.
 */
export class FramePacker {
  #stream: ZstdCompress | null = null
  /** Frames take turns. */
  #turn: Promise<unknown> = Promise.resolve()

  /** @param bytes Stay as they are until it resolves. @returns one zstd frame, the bytes that `zstdCompress` makes */
  pack(bytes: Uint8Array): Promise<Buffer> {
    const packed = this.#turn.then(() => this.#packNow(bytes))
    this.#turn = packed.catch(() => {})
    return packed
  }

  async #packNow(bytes: Uint8Array): Promise<Buffer> {
    this.#stream ??= createZstdCompress()
    const stream = this.#stream
    const pieces: Buffer[] = []
    const take = (piece: Buffer) => void pieces.push(piece)
    let fail: (error: unknown) => void = () => {}
    try {
      await new Promise<void>((resolve, reject) => {
        fail = reject
        stream.on('error', fail)
        stream.on('data', take)
        stream.write(bytes)
        stream.flush(constants.ZSTD_e_end, () => resolve())
      })
      // A piece that came while another waited is handed to `take` by reading.
      while (stream.read() !== null);
      return Buffer.concat(pieces)
    } catch (error) {
      // The next frame gets a compressor that nothing is left in.
      this.#stream = null
      stream.destroy()
      throw error
    } finally {
      stream.off('error', fail)
      stream.off('data', take)
    }
  }
}
