import { PipeError } from './errors.ts'
import { seconds } from './units.ts'

/** The time limit of a run: one clock ends everything that waits. */
export interface Clock {
  /** Aborted with a {PipeError} when the time is over (PKG-TIMEOUT) or the step is stopped. */
  signal: AbortSignal
  /** The error to report when the time is over, or when too little of it is left to go on. */
  expired: PipeError
  /** Milliseconds that are left. */
  left(): number
  /** Ends the clock and everything that still runs by it, so that nothing is tried after the last line of the log. */
  stop(): void
}

/**
 * Starts the clock of TIMEOUT. It uses the monotonic clock, because the wall clock may be set meanwhile.
 *
 * @param timeout in milliseconds
 * @param stopped aborted when the step is stopped
 */
export const startClock = (timeout: number, stopped?: AbortSignal): Clock => {
  const end = performance.now() + timeout
  const over = new AbortController()
  const expired = new PipeError(
    'PKG-TIMEOUT',
    `The images were not delivered within TIMEOUT (${seconds(timeout)}).`,
  )
  const timer = setTimeout(() => over.abort(expired), clamp(timeout))
  if (timeout <= 0) over.abort(expired)
  return {
    expired,
    signal: stopped === undefined ? over.signal : AbortSignal.any([stopped, over.signal]),
    left: () => end - performance.now(),
    stop() {
      clearTimeout(timer)
      over.abort(new PipeError('PKG-INTERRUPTED', 'The run is over.'))
    },
  }
}

/** Limits a delay to what timers take: Node turns a longer one into one millisecond. */
export const clamp = (milliseconds: number): number => Math.min(Math.max(milliseconds, 0), 2 ** 31 - 1)
