import type { Reporter, TestModule } from 'vitest/node'

/**
 * Says what runs whenever nothing else was said for a while: Vitest prints a file when it ends, which can take
 * minutes, and a log does not show a bar that moves.
 *
 * @param silence the longest time without a line, in milliseconds
 */
export const progress = (silence = 15_000): Reporter => {
  const start = Date.now()
  // By id: a file that waits and the same file that runs are two objects to Vitest.
  const running = new Map<string, { module: TestModule; done: number }>()
  let timer: NodeJS.Timeout | undefined
  let ended = 0
  let files = 0

  const enter = (module: TestModule) => {
    running.set(module.id, { module, done: 0 })
  }
  const tell = () => {
    const now = [...running.values()].map(({ module: { relativeModuleId, children }, done }) => {
      const all = [...children.allTests()].length
      return all === 0 ? relativeModuleId : `${relativeModuleId} (${done} of ${all} tests)`
    })
    console.log(
      ` … ${clock(Date.now() - start)}  ${ended} of ${files} files; now ${now.join(', ') || 'waiting'}`,
    )
  }
  return {
    onTestRunStart(specifications) {
      files = specifications.length
      if (!process.stdout.isTTY) timer = setInterval(tell, silence)
    },
    onTestModuleQueued: enter,
    onTestModuleCollected: enter,
    onTestCaseResult({ module }) {
      const entry = running.get(module.id)
      if (entry !== undefined) entry.done++
    },
    onTestModuleEnd({ id }) {
      running.delete(id)
      ended++
      timer?.refresh()
    },
    onTestRunEnd() {
      clearInterval(timer)
    },
  }
}

const clock = (milliseconds: number): string => {
  const seconds = Math.round(milliseconds / 1000)
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
}
