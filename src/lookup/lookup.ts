import type { Credential } from '../credential.ts'
import { asPipeError, type PipeError } from '../errors.ts'
import type { Platform } from '../image/platform.ts'
import type { ImageReference } from '../image/reference.ts'
import type { Clients } from './clients.ts'
import { type Credentials, credentialsFor } from './credentials.ts'
import { isDefinite } from './definite.ts'
import { diagnose } from './diagnosis.ts'
import type { Failure } from './failure.ts'
import { mayRead } from './may-read.ts'
import { type Resolved, resolve } from './resolve.ts'

/** What is known of an image before it is pulled: what the registry says, or why it does not. */
type Finding =
  | { resolved: Resolved; error?: undefined }
  | {
      resolved?: undefined
      error: PipeError
      /** Whether that is the last word; else (no route from here, an unknown way to sign in) the engine may succeed. */
      definite: boolean
    }

/** Asks what images are, and who may read them. */
export interface Lookup {
  /** Asks the registry for one image; a refusal is explained by all that is known here. Never throws. */
  find(image: ImageReference): Promise<Finding>
  /** Asks, once, whether an image may be read here at all: undefined if so, else why not. Never throws. */
  mayRead(image: ImageReference): Promise<PipeError | undefined>
  /** The credentials for an image in the order in which they are tried; undefined stands for none. */
  credentials(image: ImageReference): ReadonlyArray<Credential | undefined>
  /** Explains the first of an image's failures by all that is known here. */
  explain(failures: readonly Failure[], image: ImageReference): PipeError
}

interface Context extends Credentials {
  /** `<workspace>/<repository>` whose pipeline runs, where Bitbucket names it. */
  repository: string | undefined
  clients: Clients
  /** The platform to take from a multi-platform image; asked only if there is one. */
  wanted: () => Promise<Platform>
  /** PLATFORM, if the user named one. */
  platform: Platform | undefined
}

/** Opens the lookup of a run. */
export const createLookup = ({ registry, builtIn, apiToken, repository, ...context }: Context): Lookup => {
  const { clients, wanted, platform: chosen } = context
  const credentials = (image: ImageReference) => credentialsFor(image, { registry, builtIn, apiToken })
  const explain = (failures: readonly Failure[], image: ImageReference) =>
    diagnose(failures, { image, registry, repository, given: credentials(image) })
  const find = async (image: ImageReference): Promise<Finding> => {
    const client = (credential: Credential | undefined) => clients.get(image.domain, credential)
    const asked = { credentials: credentials(image), client, platform: wanted, chosen }
    const found = await resolve(image, asked)
    if (!Array.isArray(found)) return { resolved: found }
    const error = explain(found, image)
    return { error, definite: isDefinite(error) }
  }
  return {
    // An error here is this image's failure alone.
    find: (image) =>
      find(image).catch((error) => ({ error: asPipeError(error), definite: isDefinite(error) })),
    mayRead: (image) =>
      mayRead(image, {
        credentials: credentials(image),
        client: (credential) => clients.getOnce(image.domain, credential),
      }),
    credentials,
    explain,
  }
}
