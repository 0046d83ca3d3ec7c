import type { Credential } from '../credential.ts'
import { PipeError } from '../errors.ts'
import type { Platform } from '../image/platform.ts'
import type { ImageReference } from '../image/reference.ts'
import type { Clients } from './clients.ts'
import { type Credentials, credentialsFor } from './credentials.ts'
import { isDefinite } from './definite.ts'
import { diagnose, type Failure } from './diagnosis.ts'
import { type Resolved, resolve } from './resolve.ts'

/** What is known of an image before it is pulled: what the registry says, or why it does not. */
export type Finding =
  | { resolved: Resolved; error?: undefined }
  | {
      resolved?: undefined
      error: PipeError
      /** Whether that is the last word; else (no route from here, an unknown way to sign in) the engine may succeed. */
      definite: boolean
    }

/** Asks what images are, and who may read them. */
export interface Lookup {
  /** Asks the registry for one image; a refusal is explained by all that is known here. */
  find(image: ImageReference): Promise<Finding>
  /** The credentials for an image in the order in which they are tried; undefined stands for none. */
  credentials(image: ImageReference): ReadonlyArray<Credential | undefined>
  /** The first of some failures of an image, with what they mean here. */
  explain(failures: readonly Failure[], image: ImageReference): PipeError
}

interface Context extends Credentials {
  /** `<workspace>/<repository>` whose pipeline runs, where Bitbucket names it. */
  repository: string | undefined
  clients: Clients
  /** The platform that is wanted of a multi-platform image; asked only where there is one. */
  platform: () => Promise<Platform>
}

/** Opens the lookup of a run. */
export const createLookup = ({ registry, builtIn, apiToken, repository, ...context }: Context): Lookup => {
  const { clients, platform } = context
  const credentials = (image: ImageReference) => credentialsFor(image, { registry, builtIn, apiToken })
  const explain = (failures: readonly Failure[], image: ImageReference, tags?: readonly string[]) =>
    diagnose(failures, { image, registry, repository, tags })
  return {
    async find(image) {
      const client = (credential: Credential | undefined) => clients.get(image.domain, credential)
      const found = await resolve(image, { credentials: credentials(image), client, platform })
      if (!Array.isArray(found)) return { resolved: found }
      const [first, ...others] = found
      if (first === undefined) throw new TypeError(`There is no way to ask for ${image.name}.`)
      const definite = isDefinite(first.error)
      if (first.error.code !== 'PKG-TAG-UNKNOWN') return { error: explain(found, image), definite }
      // Registries say "manifest unknown" even where there is no such package at all; the list of tags tells.
      const tags = await tagsOf(image, client(first.credential))
      return tags instanceof PipeError
        ? { error: explain([{ ...first, error: tags }, ...others], image), definite }
        : { error: explain(found, image, tags), definite }
    },
    credentials,
    explain: (failures, image) => explain(failures, image),
  }
}

// Whatever else goes wrong here must not hide the failure that is explained.
const tagsOf = async (image: ImageReference, client: ReturnType<Clients['get']>) => {
  try {
    return await client.tags(image.path)
  } catch (error) {
    if (!(error instanceof PipeError)) throw error
    return error.code === 'PKG-PACKAGE-UNKNOWN' ? error : undefined
  }
}
