import { afterEach, beforeEach, expect, it } from 'vitest'
import { type FakeRegistry, startFake } from './fake-registry.ts'
import { runPipe } from './run-pipe.ts'

let registry: FakeRegistry
beforeEach(async () => {
  registry = await startFake()
})
afterEach(() => registry.close())

it.each([
  ['SIGTERM', 143],
  ['SIGINT', 130],
  ['SIGHUP', 129],
] as const)(
  'the process ends by itself after %s, with its report and the exit code of the signal',
  async (signal, code) => {
    const { exitCode, log } = await runPipe({
      registry,
      answers: { 'image ls': { script: 'exec sleep 30' } },
      variables: { MAX_ATTEMPTS: '1' },
      stop: { signal, at: 'image ls' },
    })
    expect(exitCode).toBe(code)
    expect(log).toContain(`PKG-INTERRUPTED: The pipe was ended by ${signal}.`)
  },
)
