import { PipeError } from './errors.ts'
import { seconds } from './units.ts'

/** The time that a run has: one clock, by which everything that waits is ended. */
export interface Clock {
  /** Aborted with a {PipeError} when the time is over (PKG-TIMEOUT) or the step is stopped. */
  signal: AbortSignal
  /** What is said when the time is over, or too little is left to go on: one event, one message. */
  expired: PipeError
  /** Milliseconds that are left. */
  left(): number
  /** Ends the clock, and with it whatever still runs by it: nothing is to be tried after the last line of the log. */
  stop(): void
}

/**
 * Starts the clock of TIMEOUT. It counts by the monotonic clock, for that of the wall may be set while it runs.
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

/** A delay as timers take it: Node turns a longer one into one of a millisecond. */
export const clamp = (milliseconds: number): number => Math.min(Math.max(milliseconds, 0), 2 ** 31 - 1)
