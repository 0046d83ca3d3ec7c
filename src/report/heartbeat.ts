import type { Log } from './log.ts'

// Often enough for a person, rarely enough for a log.
const HEARTBEAT = 20_000

/** Does work that may take long, and logs a line every 20 seconds meanwhile. */
export const withHeartbeat = async <T>(log: Log, line: () => string, work: () => Promise<T>): Promise<T> => {
  const timer = setInterval(() => log.info(line()), HEARTBEAT)
  try {
    return await work()
  } finally {
    clearInterval(timer)
  }
}
