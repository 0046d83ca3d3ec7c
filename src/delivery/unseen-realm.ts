import { PipeError } from '../errors.ts'
import type { ImageReference } from '../image/reference.ts'
import type { Lookup } from '../lookup/lookup.ts'

interface Around {
  lookup: Pick<Lookup, 'credentials'>
  /** AUTH_REALM_HOSTS, when set. */
  authRealmHosts: readonly string[] | undefined
}

/**
 * Why an image that could not be looked up is not left to the engine: docker shows a credential to whatever realm it is
 * told, and where AUTH_REALM_HOSTS says who may see it, the pipe must have been told before. Undefined if it may be.
 *
 * @param error why the registry could not be asked, if it was
 */
export const unseenRealm = (
  image: ImageReference,
  error: PipeError | undefined,
  { authRealmHosts, lookup }: Around,
): PipeError | undefined => {
  const isShown = lookup.credentials(image).some((credential) => credential !== undefined)
  if (authRealmHosts === undefined || !isShown) return undefined
  const message = `${image.name} is not pulled, for nobody knows who would see the login.`
  const said = error && [`${error.code}: ${error.message}`, error.said].filter(Boolean).join(': ')
  return new PipeError('PKG-REALM-REFUSED', message, {
    said,
    why: 'AUTH_REALM_HOSTS says who may see the credential, and the registry was not asked where it sends clients; the engine would show the credential wherever it is sent.',
    hint: 'See what the registry said; or leave AUTH_REALM_HOSTS out, so that the engine may try.',
  })
}
