import type { Reporter, TestModule } from 'vitest/node'

// Closes the run with the one line that CI systems of any kind can count: `N passed, N failed, N skipped`.
// biome-ignore lint/style/noDefaultExport: Vitest loads a reporter by its module's default export.
export default function closingLine(): Reporter {
  return {
    onTestRunEnd(modules: ReadonlyArray<TestModule>, unhandledErrors) {
      const states = modules.flatMap((module) =>
        [...module.children.allTests()].map((test) => test.result().state),
      )
      const count = (state: string) => states.filter((each) => each === state).length
      // A file that did not load has no tests, yet it failed.
      const broken = modules.filter((module) => module.state() === 'failed' && count('failed') === 0).length
      const failed = count('failed') + broken + (unhandledErrors.length > 0 ? 1 : 0)
      process.once('exit', () =>
        console.log(`${count('passed')} passed, ${failed} failed, ${count('skipped')} skipped`),
      )
    },
  }
}
