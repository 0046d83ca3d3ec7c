import { words } from '../engine/classes.ts'
import { PipeError } from '../errors.ts'

/** Whether a registry says that it has no such blob. */
export const isAbsent = (error: unknown): error is PipeError =>
  error instanceof PipeError && error.code === 'PKG-DIGEST-UNKNOWN'

/** What it means that a blob is absent: a manifest named it, not the user. Any other failure stays as it is. */
export const absentPart = (error: PipeError): PipeError =>
  isAbsent(error)
    ? new PipeError('PKG-MANIFEST', error.message, { said: error.said, ...words['part-missing'] })
    : error
