import { promisify } from 'node:util'
import { createZstdCompress, zstdCompress, zstdDecompressSync } from 'node:zlib'
import { beforeEach, expect, test, vi } from 'vitest'
import { FramePacker } from './frame-packer.ts'

vi.mock('node:zlib', async (original) => {
  const real = await original<typeof import('node:zlib')>()
  return { ...real, createZstdCompress: vi.fn(real.createZstdCompress) }
})

beforeEach(() => void vi.mocked(createZstdCompress).mockClear())

const lines = (n: number) =>
  Buffer.from(Array.from({ length: n }, (_, i) => `{"id":${(i * 7919) % 100_003},"p":${Math.sin(i)}}\n`).join(''))

test('each frame stands for itself, with the bytes that Node makes of its lines alone', async () => {
  const packer = new FramePacker()
  for (const n of [1, 3000, 0, 20_000, 10]) {
    const frame = await packer.pack(lines(n))
    expect(frame.equals(await promisify(zstdCompress)(lines(n)))).toBe(true)
    expect(zstdDecompressSync(frame).equals(lines(n))).toBe(true)
  }
})

test('a hundred frames take one compressor', async () => {
  const packer = new FramePacker()
  for (let i = 0; i < 100; i++) await packer.pack(lines(i))
  expect(createZstdCompress).toHaveBeenCalledTimes(1)
})

test('frames that are asked for at once come whole, each its own', async () => {
  const packer = new FramePacker()
  const sizes = [4000, 1, 900, 0, 7000]
  const frames = await Promise.all(sizes.map((n) => packer.pack(lines(n))))
  expect(frames.map((frame) => zstdDecompressSync(frame).length)).toEqual(sizes.map((n) => lines(n).length))
})

test('after a failure the next frame comes from a new compressor', async () => {
  const packer = new FramePacker()
  await packer.pack(lines(3))
  const failed = packer.pack(lines(500))
  const next = packer.pack(lines(4))
  await Promise.resolve()
  vi.mocked(createZstdCompress).mock.results[0]!.value.destroy(new Error('broken'))
  await expect(failed).rejects.toThrow('broken')
  expect(zstdDecompressSync(await next).equals(lines(4))).toBe(true)
  expect(createZstdCompress).toHaveBeenCalledTimes(2)
})
