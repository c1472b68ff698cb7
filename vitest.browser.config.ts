import { defineConfig } from 'vitest/config'

/** The page in a real browser, against the real server with a model that is trained for it. One worker: one browser. */
export default defineConfig({
  test: {
    include: ['test/browser/**/*.test.ts'],
    globalSetup: ['test/browser/setup.ts'],
    testTimeout: 60_000,
    hookTimeout: 240_000,
    maxWorkers: 1,
  },
})
