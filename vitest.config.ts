import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    // picocolors colours wherever CI is set; what tests compare is plain.
    env: { NO_COLOR: '1' },
    include: [
      'src/**/*.test.ts',
      'test/**/*.test.ts',
      'scripts/**/*.test.ts',
      'bench/*/*.test.ts',
      'examples/**/*.test.ts',
      'dashboard/src/**/*.test.ts',
    ],
    exclude: ['test/browser/**', 'test/interop/**', 'test/soak/**', 'node_modules/**'],
    setupFiles: ['test/support/property-seed.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
  },
})
