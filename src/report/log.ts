import type { Secrets } from '../secrets.ts'
import { shorten, shown } from '../text.ts'
import { columns } from './table.ts'

/**
 * The log of the pipe, in the style of Atlassian's own pipes. It takes text as it is, also from outside: every
 * message is masked, then cleaned, then cut, and no message can begin a line of its own.
 */
export interface Log {
  info(message: string): void
  warning(message: string): void
  /** Lines after the first are set in. */
  error(message: string): void
  /** Printed only with `DEBUG: 'true'`; lines after the first are set in. */
  debug(message: string): void
  /** Rows as lines, each column as wide as its widest cell. */
  table(rows: ReadonlyArray<readonly string[]>): void
  success(message: string): void
  fail(message: string): void
}

interface Options {
  write: (text: string) => void
  mask: Secrets['mask']
  debug: boolean
  colours: boolean
}

const ESC = '\u001b['

// Bitbucket renders these; they are the colours that Atlassian's own pipes use.
const colour = { cyan: '36', yellow: '33', red: '31', green: '32', grey: '37' } as const

// A step's log ends at 50 MB, and a remote side that sends pages of text must not push ours out of sight.
const LONGEST_LINE = 2000
const LONGEST = 20_000
const LONGEST_CELL = 500

/** A log that writes whole lines through `write`. */
export const createLog = ({ write, mask, debug, colours }: Options): Log => {
  const print = (lines: readonly string[], tint: keyof typeof colour) => {
    // Each line by itself: Bitbucket renders lines, and a colour would end with the first.
    const tinted = (line: string) => (colours ? `${ESC}${colour[tint]}m${line}${ESC}0m` : line)
    write(`${lines.map(tinted).join('\n')}\n`)
  }
  const line = (prefix: string, tint: keyof typeof colour) => (message: string) =>
    print([`${prefix}${shown(message, mask, LONGEST_LINE - prefix.length).replaceAll('\n', ' ')}`], tint)
  const lines = (prefix: string, tint: keyof typeof colour) => (message: string) => {
    const all = `${prefix}${shown(message, mask, LONGEST)}`.split('\n')
    const setIn = all.map((each, index) => (index === 0 || each.startsWith('  ') ? each : `  ${each}`))
    print(
      setIn.map((each) => shorten(each, LONGEST_LINE)),
      tint,
    )
  }
  const info = line('INFO: ', 'cyan')
  return {
    info,
    warning: line('WARNING: ', 'yellow'),
    error: lines('ERROR: ', 'red'),
    debug: debug ? lines('DEBUG: ', 'grey') : () => {},
    table(rows) {
      const cells = rows.map((row) =>
        row.map((cell) => shown(cell, mask, LONGEST_CELL).replaceAll('\n', ' ')),
      )
      for (const row of columns(cells)) info(row)
    },
    success: line('✔ ', 'green'),
    fail: line('✖ ', 'red'),
  }
}
