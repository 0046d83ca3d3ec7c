import type { Reporter, TestModule } from 'vitest/node'

/** Closes the run with the one line that CI systems of any kind can count: `N passed, N failed, N skipped`. */
export const closingLine = (): Reporter => {
  let counted = { passed: 0, failed: 0, skipped: 0 }
  return {
    onInit() {
      // Last of all, when it is certain how the run ended, and also where it did not come to any test.
      process.once('exit', (exitCode) => {
        const { passed, failed, skipped } = counted
        console.log(`${passed} passed, ${failed || (exitCode === 0 ? 0 : 1)} failed, ${skipped} skipped`)
      })
    },
    onTestRunEnd(modules, unhandledErrors) {
      const states = modules.flatMap(statesOf)
      const count = (state: string) => states.filter((each) => each === state).length
      const failed = count('failed') + (unhandledErrors.length > 0 ? 1 : 0)
      counted = { passed: count('passed'), failed, skipped: count('skipped') }
    },
  }
}

// A file that fails although no test in it does, because it did not load or a hook failed, counts as one that failed.
const statesOf = (module: TestModule): string[] => {
  const states = [...module.children.allTests()].map((test) => test.result().state)
  return module.state() === 'failed' && !states.includes('failed') ? [...states, 'failed'] : states
}
