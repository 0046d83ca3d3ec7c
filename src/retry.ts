import { setTimeout as delay } from 'node:timers/promises'
import { PipeError } from './errors.ts'

export interface RetryOptions {
  /** How often the operation is started at most; 1 means no retry. */
  maxAttempts: number
  /**
   * The end of everything, retries and waits included: a time (`Date.now()`), or a signal that aborts
   * then. Only a time lets a wait that would pass it fail at once.
   */
  deadline?: number | AbortSignal | undefined
  /** Gives up at once, with the signal's own reason. */
  signal?: AbortSignal | undefined
  /** Called before each wait. */
  onRetry?: ((retry: Retry) => void) | undefined
  /** The first wait and the longest one of the exponential backoff, in milliseconds. */
  base?: number | undefined
  cap?: number | undefined
  random?: (() => number) | undefined
  sleep?: ((ms: number, signal: AbortSignal) => Promise<unknown>) | undefined
}

/** What all retries of a run have in common. */
export type RetryPolicy = Required<Pick<RetryOptions, 'maxAttempts' | 'deadline' | 'signal' | 'onRetry'>>

export interface Retry {
  error: PipeError
  /** The attempt that failed, from 1. */
  attempt: number
  delayMs: number
}

export interface Attempt {
  /** From 1. */
  attempt: number
  /** Aborts when the caller gives up or the deadline passes. */
  signal: AbortSignal
}

/**
 * Runs an operation until it succeeds, fails for good, or time is up: the one policy for requests to a
 * registry and commands of docker alike. Only a `PipeError` whose code is retryable is tried again, after
 * the wait that the other side asked for (`retryAfter`) or a jittered exponential backoff, whichever is
 * longer. Throws the last error, `PKG-TIMEOUT` at the deadline, or the reason of `signal`; both of the
 * latter at once, even where the operation ignores its signal.
 */
export const retry = async <T>(
  operation: (attempt: Attempt) => Promise<T>,
  options: RetryOptions,
): Promise<T> => {
  const clock = startClock(options.deadline, options.signal)
  try {
    return await attempts(operation, options, clock)
  } catch (error) {
    options.signal?.throwIfAborted()
    throw error
  } finally {
    clock.stop()
  }
}

const attempts = async <T>(
  operation: (attempt: Attempt) => Promise<T>,
  { maxAttempts, onRetry, base = 500, cap = 20_000, random = Math.random, sleep = wait }: RetryOptions,
  clock: Clock,
): Promise<T> => {
  let last: PipeError | undefined
  for (let attempt = 1; ; attempt++) {
    try {
      return await orAborted(clock.signal, () => operation({ attempt, signal: clock.signal }))
    } catch (error) {
      if (clock.signal.aborted) throw timedOut(last, error)
      if (!(error instanceof PipeError && error.retryable) || attempt >= maxAttempts) throw error
      last = error
    }
    const backoff = Math.min(cap, base * 2 ** (attempt - 1)) * (0.5 + random() / 2)
    const delayMs = Math.max(last.retryAfter ?? 0, backoff)
    if (delayMs >= clock.left()) throw last.retryAfter === undefined ? timedOut(last) : tooLong(last, clock)
    onRetry?.({ error: last, attempt, delayMs })
    try {
      await orAborted(clock.signal, () => sleep(delayMs, clock.signal))
    } catch (error) {
      throw clock.signal.aborted ? timedOut(last, error) : error
    }
  }
}

interface Clock {
  /** Aborts at the deadline, and when the caller gives up. */
  signal: AbortSignal
  /** Milliseconds up to the deadline; infinite where it is not known. */
  left: () => number
  stop: () => void
}

// The timer is cleared with the clock: a timer of 15 minutes must not keep the process from ending.
const startClock = (deadline: number | AbortSignal | undefined, signal: AbortSignal | undefined): Clock => {
  const over = new AbortController()
  const left = () => (typeof deadline === 'number' ? deadline - Date.now() : Number.POSITIVE_INFINITY)
  if (left() <= 0) over.abort()
  const timer = Number.isFinite(left()) ? setTimeout(() => over.abort(), clamp(left())) : undefined
  const signals = [over.signal, signal, deadline instanceof AbortSignal ? deadline : undefined]
  return {
    signal: AbortSignal.any(signals.filter((each) => each !== undefined)),
    left,
    stop: () => clearTimeout(timer),
  }
}

const orAborted = async <T>(signal: AbortSignal, operation: () => Promise<T>): Promise<T> => {
  signal.throwIfAborted()
  let abort = () => {}
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(signal.reason)
    signal.addEventListener('abort', abort, { once: true })
  })
  try {
    return await Promise.race([operation(), aborted])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}

const wait = (ms: number, signal: AbortSignal): Promise<unknown> => delay(clamp(ms), undefined, { signal })

// Node turns a longer timer into one of a millisecond.
const clamp = (ms: number): number => Math.min(Math.max(ms, 0), 2 ** 31 - 1)

const timedOut = (last: PipeError | undefined, cause: unknown = last): PipeError =>
  new PipeError('PKG-TIMEOUT', last ? `TIMEOUT ended the retries: ${last.message}` : 'TIMEOUT is over', {
    said: last?.said,
    cause,
  })

const tooLong = (last: PipeError, clock: Clock): PipeError => {
  const seconds = (ms: number) => `${Math.ceil(ms / 1000)} s`
  return new PipeError(last.code, last.message, {
    said: last.said,
    why: `${last.why} The wait asked for is ${seconds(last.retryAfter ?? 0)}, but TIMEOUT leaves only ${seconds(Math.max(0, clock.left()))}.`,
    hint: last.hint,
    retryAfter: last.retryAfter,
    cause: last,
  })
}
