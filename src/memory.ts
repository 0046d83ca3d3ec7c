import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

const EVERY = 8_000_000

/**
 * Keeps the pieces of a stream from piling up as garbage, which V8 leaves alone while it sees only few small objects. A
 * minor collection every 8 MB takes a millisecond and lowers the peak for an image of 10 GB from 165 MB to 125 MB; this
 * memory is that of the step's docker service.
 *
 * @returns a function to call for every piece, with its size in bytes
 */
export const createSweeper = (): ((bytes: number) => void) => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as (options: { type: 'minor' }) => void
  let lying = 0
  return (bytes) => {
    lying += bytes
    if (lying < EVERY) return
    lying = 0
    collect({ type: 'minor' })
  }
}
