import type { Log } from '../report/log.ts'
import { size } from '../units.ts'

/** What Bitbucket allows for one artifact, and for one cache after compression, in bytes. */
const CARRIED = 1_000_000_000

/** Warns if images come close to what one artifact or cache may hold, and says what to do. */
export const warnOfSize = (bytes: number, log: Log): void => {
  if (bytes < 0.8 * CARRIED) return
  log.warning(
    `${size(bytes)} is ${bytes > CARRIED ? 'more than' : 'close to'} the 1 GB that one artifact or one cache may hold; make the images smaller, or give each an entry and a folder of its own`,
  )
}
