import type { Credential } from '../credential.ts'
import { asPipeError, type PipeError } from '../errors.ts'
import type { ImageReference } from '../image/reference.ts'
import type { RegistryClient } from '../registry/client.ts'
import { nextMayRead } from './credentials.ts'

interface Context {
  /** In the order in which they are tried. */
  credentials: ReadonlyArray<Credential | undefined>
  client: (credential: Credential | undefined) => RegistryClient
}

/**
 * Asks by one HEAD whether an image may be read with one of the credentials.
 *
 * @returns undefined if so, else why not, as far as an answer without a body tells; never throws
 */
export const mayRead = async (
  image: ImageReference,
  { credentials, client }: Context,
): Promise<PipeError | undefined> => {
  let failure: PipeError | undefined
  for (const credential of credentials) {
    try {
      await client(credential).check(image.path, image.digest ?? image.tag ?? 'latest')
      return undefined
    } catch (error) {
      failure ??= asPipeError(error)
      if (!nextMayRead(error)) break
    }
  }
  return failure
}
