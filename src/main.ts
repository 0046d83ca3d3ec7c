import { constants } from 'node:os'
import { PipeError } from './errors.ts'
import { pipe } from './pipe.ts'

// The step is stopped: give up what runs, clean up, and end as a process that the signal ended.
const stopped = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  // Not `once`: what is left without a listener while it is handled ends the process after all, by execa's hand.
  process.on(signal, () => {
    const exitCode = 128 + constants.signals[signal]
    stopped.abort(new PipeError('PKG-INTERRUPTED', `The pipe was ended by ${signal}.`, { exitCode }))
  })
}

// Whoever read the log may be gone; what is under way is still to be finished.
process.stdout.on('error', () => {})

process.exitCode = await pipe(process.env, {
  write: (text) => process.stdout.write(text),
  signal: stopped.signal,
})
