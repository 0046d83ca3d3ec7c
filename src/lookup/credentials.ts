import type { Credential } from '../credential.ts'
import { type Code, PipeError } from '../errors.ts'
import type { ImageReference } from '../image/reference.ts'
import type { Failure } from './failure.ts'

/** Who may ask what. */
export interface Credentials {
  /** Host of Bitbucket Packages: the only one that gets a credential. */
  registry: string
  builtIn: Credential | undefined
  apiToken: Credential | undefined
}

/** The credentials for an image in the order in which they are tried; an image of another registry gets none. */
export const credentialsFor = (
  image: ImageReference,
  { registry, builtIn, apiToken }: Credentials,
): Array<Credential | undefined> =>
  image.domain === registry
    ? [builtIn, apiToken].filter((credential) => credential !== undefined)
    : [undefined]

// What another repository's package answers is not documented: each of these may mean that this credential
// may not read what the next one may.
const TRY_NEXT: readonly Code[] = ['PKG-AUTH-REFUSED', 'PKG-ACCESS-DENIED', 'PKG-PACKAGE-UNKNOWN']

/** Whether the next credential may be able to read what failed with this one. */
export const nextMayRead = (error: unknown): error is PipeError =>
  error instanceof PipeError && TRY_NEXT.includes(error.code)

// Registries say these also of what a credential may not see; not if it may see the tags.
const ABSENT: readonly Code[] = ['PKG-TAG-UNKNOWN', 'PKG-DIGEST-UNKNOWN']

/** Whether the next credential may find what this one did not. */
export const nextMayFind = ({ error, tags }: Failure): boolean =>
  TRY_NEXT.includes(error.code) || (tags === undefined && ABSENT.includes(error.code))
