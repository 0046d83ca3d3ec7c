import type { Credential } from '../credential.ts'
import { type Code, PipeError } from '../errors.ts'
import type { ImageReference } from '../image/reference.ts'
import type { Failure } from './failure.ts'

/** The credentials of a run, and the registry that may get them. */
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

// It is not documented what the registry answers for another repository's package: each of these may mean that the next
// credential may read what this one may not.
const TRY_NEXT: readonly Code[] = ['PKG-AUTH-REFUSED', 'PKG-ACCESS-DENIED', 'PKG-PACKAGE-UNKNOWN']

/** Whether the next credential may be able to read what failed with this one. */
export const nextMayRead = (error: unknown): error is PipeError =>
  error instanceof PipeError && TRY_NEXT.includes(error.code)

// Registries also say these of packages that a credential may not see, unless it may see their tags.
const ABSENT: readonly Code[] = ['PKG-TAG-UNKNOWN', 'PKG-DIGEST-UNKNOWN']

/** Whether the next credential may find what this one did not. */
export const nextMayFind = ({ error, tags }: Failure): boolean =>
  TRY_NEXT.includes(error.code) || (tags === undefined && ABSENT.includes(error.code))
