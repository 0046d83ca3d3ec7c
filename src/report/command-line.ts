import type { Log } from './log.ts'

/** Logs each docker command, for `DEBUG`. */
export const commandLine =
  (log: Log) =>
  (args: readonly string[], exitCode: number | undefined, milliseconds: number): void =>
    log.debug(
      `docker ${args.join(' ')} · ${exitCode === undefined ? 'no exit code' : `exit ${exitCode}`} · ${Math.round(milliseconds)}ms`,
    )
