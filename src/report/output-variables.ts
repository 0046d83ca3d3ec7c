import { closeSync, constants, fstatSync, openSync, readSync, writeSync } from 'node:fs'

/**
 * Appends lines to the step's file of output variables, on a new line even if the user's last one has no end.
 *
 * @returns whether the file was there and writable: Bitbucket does not promise it to a pipe
 */
export const appendOutputVariables = (path: string, lines: string): boolean => {
  try {
    // Not waiting for whoever reads the other end of a pipe.
    const file = openSync(path, constants.O_RDWR | constants.O_APPEND | constants.O_NONBLOCK)
    try {
      const found = fstatSync(file)
      if (!found.isFile()) return false
      const { size } = found
      const last = Buffer.alloc(1)
      const open = size > 0 && readSync(file, last, 0, 1, size - 1) === 1 && last.toString() !== '\n'
      writeSync(file, open ? `\n${lines}` : lines)
      return true
    } finally {
      closeSync(file)
    }
  } catch {
    return false
  }
}
