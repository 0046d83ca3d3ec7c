import { type Code, catalogue } from '../../../src/errors.ts'
import { kinds, type Plan } from './plan.ts'

/** How a run ended, as the one who waited for it saw it. */
export interface Ended {
  exitCode: number
  /** What the pipe wrote. */
  log: string
  seconds: number
  /** Whether the signal of the plan reached the pipe before it had ended. */
  stopped: boolean
  /** Whether the engine still held a download of this image that had stalled in an earlier run. */
  held: boolean
}

export type Verdict = 'success' | 'explained' | 'unexplained'

/** The time that a run may take besides what its plan adds: TIMEOUT, and 8 s for what a signal ends. */
export const TIMEOUT_SECONDS = 15
const LONGEST_SECONDS = TIMEOUT_SECONDS + 8

const bySignal = { INT: 130, TERM: 143, KILL: 137 } as const

/**
 * Whether a run that failed says why, and fails as its plan has it: with the exit code of the signal that ended it, or
 * with a code of the catalogue that follows from its fault. A fault that passes within the attempts explains nothing.
 */
export const judge = (plan: Plan, { exitCode, log, seconds, stopped, held }: Ended): Verdict => {
  if (seconds > LONGEST_SECONDS || /PKG-INTERNAL|\n\s+at .+:\d+:\d+/.test(log)) return 'unexplained'
  if (exitCode === 0) return 'success'
  const signal = plan.stop?.signal
  if (stopped && signal !== undefined && signal !== 'STOP' && exitCode === bySignal[signal])
    return signal === 'KILL' || log.includes('ERROR: PKG-INTERRUPTED: ') ? 'explained' : 'unexplained'
  const code = /ERROR: (PKG-[A-Z0-9-]+): /.exec(log)?.[1] as Code | undefined
  if (code === undefined || catalogue[code]?.exitCode !== exitCode) return 'unexplained'
  const lasts = plan.times === undefined || plan.fault === 'stall'
  const allowed: readonly Code[] = lasts ? kinds[plan.fault].codes : []
  // The engine goes on waiting for what stalled when nobody waits for it any more, and joins who comes next.
  return (held && code === 'PKG-TIMEOUT') || allowed.includes(code) ? 'explained' : 'unexplained'
}
