import { defineConfig } from 'vitest/config'

/** Other programs, unmodified, against ours: `npm run test:interop` brings them and calls this. One file at a time: each runs a server and Python. */
export default defineConfig({
  test: {
    env: { NO_COLOR: '1' },
    include: ['test/interop/**/*.interop.ts'],
    testTimeout: 240_000,
    hookTimeout: 240_000,
    maxWorkers: 1,
  },
})
