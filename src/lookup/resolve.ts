import type { Credential } from '../credential.ts'
import { PipeError } from '../errors.ts'
import type { ImageReference } from '../image/reference.ts'
import type { RegistryClient } from '../registry/client.ts'
import { nextMayFind } from './credentials.ts'
import type { Failure } from './failure.ts'
import { type Found, readImage, type Wanted } from './read.ts'

/** An image as the registry has it, and who may read it. */
export interface Resolved extends Found {
  /** The credential that may read it; undefined if it was read without one. */
  credential: Credential | undefined
}

interface Context extends Wanted {
  /** In the order in which they are tried. */
  credentials: ReadonlyArray<Credential | undefined>
  /** The client of the image's registry for a credential. */
  client: (credential: Credential | undefined) => RegistryClient
}

/**
 * Asks the registry for an image with one credential after another until one may read it.
 *
 * @returns the image, or every failure if no credential may read it, the most telling one first
 */
export const resolve = async (
  image: ImageReference,
  { credentials, client, ...wanted }: Context,
): Promise<Resolved | Failure[]> => {
  const failures: Failure[] = []
  for (const credential of credentials) {
    const asked = client(credential)
    try {
      const found = await readImage(image, asked, wanted)
      // A registry that lets everybody in has not seen the credential.
      return { ...found, credential: (await asked.isOpen()) ? undefined : credential }
    } catch (error) {
      if (!(error instanceof PipeError)) throw error
      const failure = await withTags({ credential, error }, image, asked)
      // That the tag is missing for the second credential says more than that the first one was refused.
      if (!nextMayFind(failure)) return [failure, ...failures]
      failures.push(failure)
    }
  }
  return failures
}

// Registries say "manifest unknown" even if there is no such package at all, or none for this credential; the list of
// tags tells. Any other error there must not hide the failure that is to be explained.
const withTags = async (
  failure: Failure,
  image: ImageReference,
  client: RegistryClient,
): Promise<Failure> => {
  if (!['PKG-TAG-UNKNOWN', 'PKG-DIGEST-UNKNOWN'].includes(failure.error.code)) return failure
  try {
    return { ...failure, tags: await client.tags(image.path) }
  } catch (error) {
    const noPackage = error instanceof PipeError && error.code === 'PKG-PACKAGE-UNKNOWN'
    return noPackage ? { ...failure, error } : failure
  }
}
