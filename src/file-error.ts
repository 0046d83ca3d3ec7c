import { type Code, PipeError } from './errors.ts'

// The disk, or this user's share of it, is full (errno of POSIX).
const FULL = ['ENOSPC', 'EDQUOT']

/** The code of a system error (`ENOENT`); undefined for any other error. */
export const errnoOf = (error: unknown): string | undefined => {
  const code = (error as NodeJS.ErrnoException | undefined)?.code
  return error instanceof Error && typeof code === 'string' && /^E[A-Z0-9]+$/.test(code) ? code : undefined
}

/**
 * Puts an error of the file system into the terms of the catalogue: PKG-DISK-FULL if there is no space, else `code`,
 * which stands for the place. Any other error stays as it is.
 */
export const fileError = (error: unknown, code: Code, failed: string): unknown => {
  const errno = errnoOf(error)
  if (errno === undefined || error instanceof PipeError) return error
  const said = (error as Error).message
  return new PipeError(FULL.includes(errno) ? 'PKG-DISK-FULL' : code, failed, { said, cause: error })
}
