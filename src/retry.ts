import { setTimeout as delay } from 'node:timers/promises'
import { type Clock, clamp } from './clock.ts'
import { PipeError } from './errors.ts'
import { seconds } from './units.ts'

/** What all retries of a run have in common. */
export interface RetryPolicy {
  /** How often the operation is started at most; 1 means no retry. */
  maxAttempts: number
  /** Ends everything, attempts and waits included. */
  clock?: Clock | undefined
  /** Called before each wait. */
  onRetry?: ((retry: Retry) => void) | undefined
  /** The first wait and the longest one of the exponential backoff, in milliseconds. */
  base?: number | undefined
  cap?: number | undefined
  random?: (() => number) | undefined
  sleep?: ((ms: number, signal: AbortSignal) => Promise<unknown>) | undefined
}

export interface Retry {
  error: PipeError
  /** The attempt that failed, from 1. */
  attempt: number
  delayMs: number
}

interface Attempt {
  /** From 1. */
  attempt: number
  /** Aborts when the caller gives up or the time is over. */
  signal: AbortSignal
}

/**
 * Runs an operation until it succeeds, fails for good, or time is up: the one policy for requests to a registry and
 * commands of docker alike. Only a `PipeError` whose code is retryable is tried again, after the wait that the other
 * side asked for (`retryAfter`) or a jittered exponential backoff, whichever is longer.
 *
 * One operation has one count: an error that ends a retry is never tried again by another one around it.
 *
 * @param given gives up at once, with its own reason
 * @throws the last error; PKG-TIMEOUT when time is up, with the last error in `said`; the reason of `given` or of the
 *   clock when one of them is aborted, which takes effect at once, even if the operation ignores its signal
 */
export const retry = async <T>(
  operation: (attempt: Attempt) => Promise<T>,
  { maxAttempts, clock, onRetry, base = 500, cap = 20_000, random = Math.random, sleep = wait }: RetryPolicy,
  given?: AbortSignal,
): Promise<T> => {
  const signal = AbortSignal.any([clock?.signal, given].filter((each) => each !== undefined))
  let last: PipeError | undefined
  const untilAborted = async <R>(action: () => Promise<R>): Promise<R> => {
    try {
      return await orAborted(signal, action)
    } catch (error) {
      throw signal.aborted ? ended(signal.reason, last) : error
    }
  }
  for (let attempt = 1; ; attempt++) {
    try {
      return await untilAborted(() => operation({ attempt, signal }))
    } catch (error) {
      if (signal.aborted || !isTransient(error)) throw error
      if (attempt >= maxAttempts) throw final(error)
      last = error
    }
    const backoff = Math.min(cap, base * 2 ** (attempt - 1)) * (0.5 + random() / 2)
    const delayMs = Math.max(last.retryAfter ?? 0, backoff)
    if (clock !== undefined && delayMs >= clock.left()) throw final(tooLong(last, delayMs, clock))
    onRetry?.({ error: last, attempt, delayMs })
    await untilAborted(() => sleep(delayMs, signal))
  }
}

const finals = new WeakSet<PipeError>()

const final = (error: PipeError): PipeError => {
  finals.add(error)
  return error
}

const isTransient = (error: unknown): error is PipeError =>
  error instanceof PipeError && error.retryable && !finals.has(error)

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

// The error that used up the time says more than the timeout.
const ended = (reason: unknown, last: PipeError | undefined): unknown => {
  if (!(reason instanceof PipeError && reason.code === 'PKG-TIMEOUT') || last === undefined) return reason
  return reason.with({ said: wordsOf(last), cause: last })
}

const wordsOf = ({ code, message, said }: PipeError) =>
  `${code}: ${message}${said === undefined ? '' : `: ${said}`}`

// A wait that would outlast the time limit is not begun.
const tooLong = (last: PipeError, delayMs: number, clock: Clock): PipeError =>
  last.retryAfter === undefined
    ? clock.expired.with({ said: wordsOf(last), cause: last })
    : last.with({
        why: `${last.why} The wait asked for is ${seconds(delayMs)}, but TIMEOUT leaves only ${seconds(Math.max(0, clock.left()))}.`,
        cause: last,
      })
