import { PipeError } from '../errors.ts'
import type { Platform } from '../image/platform.ts'
import type { ImageReference } from '../image/reference.ts'
import { isDefinite } from './definite.ts'
import type { Credential, Settings } from '../settings/settings.ts'
import type { Clients } from './clients.ts'
import { diagnose } from './diagnosis.ts'
import { type Attempt, type Resolution, resolveImage } from './resolve.ts'

/** What is known of an image before it is pulled: what the registry says, or why it does not. */
export type Finding = { image: ImageReference } & (
  | { resolution: Resolution; error?: undefined }
  | {
      resolution?: undefined
      error: PipeError
      /** Whether that is the last word; else (no route from here, an unknown way to sign in) the engine may succeed. */
      definite: boolean
    }
)

/** Asks the registry for one image; a refusal is explained by all that is known here. */
export const find = async (
  image: ImageReference,
  settings: Settings,
  clients: Clients,
  platform: () => Promise<Platform>,
): Promise<Finding> => {
  const result = await resolveImage(image, credentialsFor(image, settings), clients.get, platform)
  if (!Array.isArray(result)) return { image, resolution: result }
  const [first, ...others] = result
  if (first === undefined) throw new TypeError(`There is no way to ask for ${image.name}.`)
  const definite = isDefinite(first.error)
  if (first.error.code !== 'PKG-TAG-UNKNOWN')
    return { image, error: explained(result, image, settings), definite }
  // Registries say "manifest unknown" even where there is no such package at all; the list of tags tells.
  const tags = await tagsOf(image, clients, first.credential)
  const attempts = tags instanceof PipeError ? [{ ...first, error: tags }, ...others] : result
  return {
    image,
    error: explained(attempts, image, settings, tags instanceof PipeError ? undefined : tags),
    definite,
  }
}

/** The credentials for an image in the order in which they are tried; an image of another registry gets none. */
export const credentialsFor = (image: ImageReference, settings: Settings): Array<Credential | undefined> =>
  image.domain === settings.registry
    ? [settings.builtIn, settings.apiToken].filter((credential) => credential !== undefined)
    : [undefined]

/** The first of some failed attempts at an image, with what they mean in this run. */
export const explained = (
  attempts: readonly Attempt[],
  image: ImageReference,
  { registry, repository }: Settings,
  tags?: readonly string[],
): PipeError =>
  diagnose(
    attempts.map(({ credential, error }) => ({ kind: credential?.kind, error })),
    { image, registry, repository, tags },
  )

// Whatever else goes wrong here must not hide the failure that is explained.
const tagsOf = async (image: ImageReference, clients: Clients, credential: Credential | undefined) => {
  try {
    return (await clients.get(image.domain, credential).tags(image.path)).tags
  } catch (error) {
    if (!(error instanceof PipeError)) throw error
    return error.code === 'PKG-PACKAGE-UNKNOWN' ? error : undefined
  }
}
