import { describe, expect, it, vi } from 'vitest'
import { startClock } from '../src/clock.ts'
import { PipeError } from '../src/errors.ts'
import { type Retry, retry } from '../src/retry.ts'

const passing = (retryAfter?: number) => new PipeError('PKG-NETWORK', 'connection reset', { retryAfter })
const lasting = new PipeError('PKG-ACCESS-DENIED', 'denied')

// An operation that fails with each error of the list in turn, then succeeds.
const failing = (...errors: unknown[]) => {
  const calls = vi.fn(async () => {
    if (errors.length > 0) throw errors.shift()
    return 'done'
  })
  return calls
}

const waits = () => {
  const slept: number[] = []
  return { slept, sleep: async (ms: number) => slept.push(ms), random: () => 1 }
}

describe('retry', () => {
  it('tries a passing fault again and says what failed, when and for how long it waits', async () => {
    const operation = failing(passing(), passing())
    const seen: Retry[] = []
    const { slept, ...clock } = waits()
    await expect(
      retry(operation, { maxAttempts: 5, ...clock, onRetry: (each) => seen.push(each) }),
    ).resolves.toBe('done')
    expect(slept).toEqual([500, 1000])
    expect(seen.map(({ attempt, delayMs, error }) => [attempt, delayMs, error.code])).toEqual([
      [1, 500, 'PKG-NETWORK'],
      [2, 1000, 'PKG-NETWORK'],
    ])
  })

  it('gives each attempt its number', async () => {
    const numbers: number[] = []
    const operation = ({ attempt }: { attempt: number }) => {
      numbers.push(attempt)
      return attempt < 3 ? Promise.reject(passing()) : Promise.resolve(attempt)
    }
    await retry(operation, { maxAttempts: 5, ...waits() })
    expect(numbers).toEqual([1, 2, 3])
  })

  it.each([
    ['a failure that is not on the list', lasting],
    ['a fault of the program', new TypeError('undefined is not a function')],
  ])('does not try %s again', async (_, error) => {
    const operation = failing(error)
    await expect(retry(operation, { maxAttempts: 5, ...waits() })).rejects.toBe(error)
    expect(operation).toHaveBeenCalledTimes(1)
  })

  it('ends with the last error after the last attempt', async () => {
    const errors = [passing(), passing(), passing()]
    const last = errors[2]
    const operation = failing(...errors)
    await expect(retry(operation, { maxAttempts: 3, ...waits() })).rejects.toBe(last)
    expect(operation).toHaveBeenCalledTimes(3)
  })

  it('does not try again what another retry within it has tried for good', async () => {
    const operation = failing(...Array.from({ length: 9 }, () => passing()))
    const policy = { maxAttempts: 3, ...waits() }
    await expect(retry(() => retry(operation, policy), policy)).rejects.toMatchObject({ code: 'PKG-NETWORK' })
    expect(operation).toHaveBeenCalledTimes(3)
  })

  it('says once that a wait is too long, also within another retry', async () => {
    const operation = failing(new PipeError('PKG-RATE-LIMIT', 'too many', { retryAfter: 120_000 }))
    const policy = { maxAttempts: 5, clock: startClock(30_000), ...waits() }
    const error = await retry(() => retry(operation, policy), policy).catch((reason) => reason)
    expect(error.why.match(/The wait asked for/g)).toHaveLength(1)
  })

  it('tells the end of the time with one message, whether it comes in an attempt, in a wait or before the next one', async () => {
    const hanging = () => new Promise<never>(() => {})
    const ends = await Promise.all(
      [
        retry(hanging, { maxAttempts: 5, clock: startClock(40) }),
        retry(failing(passing(), passing()), {
          maxAttempts: 5,
          clock: { ...startClock(40), left: () => 60_000 },
        }),
        retry(failing(passing()), { maxAttempts: 5, clock: startClock(40) }),
      ].map((outcome) => outcome.catch(({ code, message }) => `${code}: ${message}`)),
    )
    expect(new Set(ends)).toEqual(
      new Set(['PKG-TIMEOUT: The images were not delivered within TIMEOUT (0.0 s).']),
    )
  })

  it('doubles the wait up to the cap', async () => {
    const { slept, ...clock } = waits()
    const faults = Array.from({ length: 9 }, () => passing())
    await retry(failing(...faults), { maxAttempts: 10, ...clock })
    expect(slept).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 20_000, 20_000, 20_000])
  })

  it('spreads the waits of many pipes over half of their length', async () => {
    for (const [random, expected] of [
      [0, 250],
      [0.5, 375],
      [1, 500],
    ]) {
      const { slept, sleep } = waits()
      await retry(failing(passing()), { maxAttempts: 2, sleep, random: () => random ?? 0 })
      expect(slept).toEqual([expected])
    }
  })

  it('waits as long as the other side asks, and never less than the backoff', async () => {
    const { slept, ...clock } = waits()
    await retry(failing(passing(7000), passing(0.98586)), { maxAttempts: 3, ...clock })
    expect(slept).toEqual([7000, 1000])
  })

  it('fails at once where the wait asked for passes the deadline, and says so', async () => {
    const operation = failing(new PipeError('PKG-RATE-LIMIT', 'too many requests', { retryAfter: 120_000 }))
    const { slept, ...clock } = waits()
    const error = await retry(operation, {
      maxAttempts: 5,
      clock: startClock(30_000),
      ...clock,
    }).catch((reason) => reason)
    expect(error).toMatchObject({ code: 'PKG-RATE-LIMIT', message: 'too many requests', exitCode: 7 })
    expect(error.why).toMatch(/The wait asked for is 2 min 0 s, but TIMEOUT leaves only (30|29) s\.$/)
    expect(slept).toEqual([])
  })

  it('does not wait for a try that would come after the deadline', async () => {
    const { slept, ...clock } = waits()
    await expect(
      retry(failing(passing()), { maxAttempts: 5, clock: startClock(400), ...clock }),
    ).rejects.toMatchObject({ code: 'PKG-TIMEOUT', exitCode: 124 })
    expect(slept).toEqual([])
  })

  it('ends an operation that hangs when the time is over', async () => {
    const hanging = () => new Promise<never>(() => {})
    await expect(retry(hanging, { maxAttempts: 5, clock: startClock(20) })).rejects.toMatchObject({
      code: 'PKG-TIMEOUT',
    })
  })

  it('names the fault that used the time up', async () => {
    const clock = { ...startClock(30), left: () => 60_000 }
    const error = await retry(() => Promise.reject(passing()), { maxAttempts: 9, clock, base: 500 }).catch(
      (reason) => reason,
    )
    expect(error).toMatchObject({
      code: 'PKG-TIMEOUT',
      message: 'The images were not delivered within TIMEOUT (0.0 s).',
      said: 'PKG-NETWORK: connection reset',
    })
  })

  it('starts nothing after the deadline', async () => {
    const operation = failing()
    await expect(retry(operation, { maxAttempts: 5, clock: startClock(-1) })).rejects.toMatchObject({
      code: 'PKG-TIMEOUT',
    })
    expect(operation).not.toHaveBeenCalled()
  })

  it.each(['operation', 'wait'] as const)('gives up at once during the %s, with the reason', async (when) => {
    const caller = new AbortController()
    const reason = new Error('SIGTERM')
    const operation = when === 'wait' ? failing(passing(60_000)) : () => new Promise<never>(() => {})
    setTimeout(() => caller.abort(reason), 10)
    await expect(retry(operation, { maxAttempts: 5 }, caller.signal)).rejects.toBe(reason)
  })

  it('tells the operation when to stop', async () => {
    let seen: AbortSignal | undefined
    const operation = ({ signal }: { signal: AbortSignal }) => {
      seen = signal
      return new Promise<never>(() => {})
    }
    await retry(operation, { maxAttempts: 1, clock: startClock(10) }).catch(() => {})
    expect(seen?.aborted).toBe(true)
  })
})
