/** The log of the pipe: one line a call, in the style of Atlassian's own pipes. */
export interface Log {
  info(message: string): void
  warning(message: string): void
  error(message: string): void
  /** Printed only with `DEBUG: 'true'`. */
  debug(message: string): void
  success(message: string): void
  fail(message: string): void
}

interface Options {
  write: (text: string) => void
  redact: (text: string) => string
  debug: boolean
  colours: boolean
}

const ESC = '\u001b['

// Bitbucket renders these; they are the colours that Atlassian's own pipes use.
const colour = { cyan: '36', yellow: '33', red: '31', green: '32', grey: '37' } as const

/** A log that writes whole lines through `write`, with every secret masked. */
export const createLog = ({ write, redact, debug, colours }: Options): Log => {
  const line = (prefix: string, tint: keyof typeof colour) => (message: string) => {
    // Each line by itself: Bitbucket renders lines, and a colour would end with the first.
    const tinted = (text: string) => (colours ? `${ESC}${colour[tint]}m${text}${ESC}0m` : text)
    write(`${redact(`${prefix}${message}`).split('\n').map(tinted).join('\n')}\n`)
  }
  return {
    info: line('INFO: ', 'cyan'),
    warning: line('WARNING: ', 'yellow'),
    error: line('ERROR: ', 'red'),
    debug: debug ? line('DEBUG: ', 'grey') : () => {},
    success: line('✔ ', 'green'),
    fail: line('✖ ', 'red'),
  }
}

/** A duration as the log shows it: `0.4 s`, `12 s`, `2 min 5 s`. */
export const seconds = (milliseconds: number): string => {
  if (milliseconds < 10_000) return `${(milliseconds / 1000).toFixed(1)} s`
  const whole = Math.round(milliseconds / 1000)
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`
}

/** A size as the log shows it, in decimal units as Bitbucket's limits are: `2.1 MB`. */
export const size = (bytes: number): string => {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  const power = Math.min(Math.floor(Math.log10(Math.max(bytes, 1)) / 3), units.length - 1)
  const value = bytes / 1000 ** power
  return `${power === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[power]}`
}

/** A number of images as the log says it. */
export const count = (images: number): string => (images === 1 ? '1 image' : `${images} images`)

/** Tells the log of each command of docker, for `DEBUG`. */
export const commandLine =
  (log: Log) =>
  (args: readonly string[], exitCode: number | undefined, milliseconds: number): void =>
    log.debug(
      `docker ${args.join(' ')} · ${exitCode === undefined ? 'no exit code' : `exit ${exitCode}`} · ${Math.round(milliseconds)}ms`,
    )
