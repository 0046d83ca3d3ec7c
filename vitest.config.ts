import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { defineConfig } from 'vitest/config'
import { closingLine } from './test/closing-line.ts'
import { progress } from './test/progress.ts'

// `unit` needs nothing but Node; `lab` needs root and Debian, and runs one file at a time because its
// files share two cores and measure nothing.
export default defineConfig({
  test: {
    // Most of them wait for processes. Vitest alone would leave one of two processors to itself.
    maxWorkers: 2,
    reporters: ['default', progress(), closingLine()],
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/lab/**'],
          // Not 0: to Vitest that is "no order", and where there is one worker it runs such files last.
          sequence: { groupOrder: 1 },
          globalSetup: ['test/temporary.ts', 'test/bundle.ts'],
          env: { TMPDIR: join(tmpdir(), `packages-pull-${process.pid}`) },
          testTimeout: 20_000,
        },
      },
      {
        test: {
          name: 'lab',
          include: ['test/lab/**/*.test.ts'],
          globalSetup: ['test/lab/global-setup.ts'],
          fileParallelism: false,
          // After the unit tests: the laboratory has both cores to itself.
          sequence: { groupOrder: 2 },
          testTimeout: 120_000,
          hookTimeout: 240_000,
        },
      },
    ],
  },
})
