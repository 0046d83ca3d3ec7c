import { constants } from 'node:os'
import { PipeError } from './errors.ts'
import { pipe } from './pipe.ts'

// Bitbucket waits some ten seconds.
const LONGEST = 7500

// The step is stopped: give up what runs, clean up, and end as a process that the signal ended.
const stopped = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  // Not `once`: if ours were removed while the signal is handled, execa would find no other listener and end the
  // process.
  process.on(signal, () => {
    const exitCode = 128 + constants.signals[signal]
    stopped.abort(new PipeError('PKG-INTERRUPTED', `The pipe was ended by ${signal}.`, { exitCode }))
    // Whatever does not end by that is left: who is killed two seconds later cleans up nothing.
    setTimeout(() => process.exit(exitCode), LONGEST).unref()
  })
}

// Finish the work even if nobody reads the log any more.
process.stdout.on('error', () => {})

process.exitCode = await pipe(process.env, {
  write: (text) => process.stdout.write(text),
  signal: stopped.signal,
})
