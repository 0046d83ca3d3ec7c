import type { Credential } from '../credential.ts'
import type { PipeError } from '../errors.ts'

/** A failure of an image, and the credential with which it happened. */
export interface Failure {
  credential: Credential | undefined
  error: PipeError
  /** The tags that the package has; undefined where they are not known. */
  tags?: readonly string[] | undefined
}
