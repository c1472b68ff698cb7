import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { BackgroundQueue } from './background-queue.ts'

const work = (ms: number) => {
  for (const end = performance.now() + ms; performance.now() < end; );
}

function queueOf(options: { busy?: boolean; capacity?: number } = {}) {
  const errors: unknown[] = []
  const queue = new BackgroundQueue({
    capacity: options.capacity ?? 10,
    isBusy: () => options.busy ?? false,
    onError: (error) => errors.push(error),
  })
  return { queue, errors }
}

test('jobs run one after another, none before the caller has gone on', async () => {
  const { queue } = queueOf()
  const order: number[] = []
  for (const n of [1, 2, 3])
    queue.offer({
      size: 1,
      run: async (pause) => {
        order.push(n)
        await pause()
        order.push(n)
      },
    })
  expect(order).toEqual([])
  await queue.idle()
  expect(order).toEqual([1, 1, 2, 2, 3, 3])
  expect(queue.size).toBe(0)
})

test('what does not fit is dropped, and there is room again when a job has ended', async () => {
  const { queue } = queueOf({ capacity: 10 })
  const job = (size: number) => ({ size, run: async () => {} })
  expect([queue.offer(job(6)), queue.offer(job(5)), queue.offer(job(4))]).toEqual([true, false, true])
  await queue.idle()
  expect(queue.offer(job(10))).toBe(true)
  await queue.idle()
})

test('a job that fails is told of and keeps nobody from theirs', async () => {
  const { queue, errors } = queueOf()
  let ran = false
  queue.offer({ size: 1, run: () => Promise.reject(new Error('no')) })
  queue.offer({
    size: 1,
    run: async () => {
      ran = true
    },
  })
  await queue.idle()
  expect([errors.length, ran, queue.size]).toEqual([1, true, 0])
})

test('while requests wait it takes about a fifth of the time at most', async () => {
  const { queue } = queueOf({ busy: true, capacity: 100 })
  for (let i = 0; i < 10; i++) queue.offer({ size: 1, run: async () => work(5) })
  const started = performance.now()
  await queue.idle()
  // Ten times 5 ms of work, and four times that of rest.
  expect(performance.now() - started).toBeGreaterThan(10 * 5 * 4)
})

test('closing drops what waits', async () => {
  const { queue } = queueOf({ busy: true })
  let ended = 0
  for (let i = 0; i < 5; i++)
    queue.offer({
      size: 1,
      run: async (pause) => {
        work(2)
        await pause()
        ended++
      },
    })
  await sleep(1)
  await queue.close()
  expect(ended).toBeLessThan(5)
  expect(queue.offer({ size: 1, run: async () => {} })).toBe(false)
})
