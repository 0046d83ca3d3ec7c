import type { Clients } from './clients.ts'
import { diagnose } from './diagnosis.ts'
import { PipeError } from './errors.ts'
import type { Platform } from './image/platform.ts'
import type { ImageReference } from './image/reference.ts'
import { isDefinite } from './registry/client.ts'
import type { Log } from './report/log.ts'
import { type Resolution, resolveImage } from './resolve.ts'
import type { Credential, Settings } from './settings.ts'

/** What is known of an image before it is pulled. */
export interface Finding {
  image: ImageReference
  /** What the registry says; undefined where that decides nothing, and the engine has to find out. */
  resolution: Resolution | undefined
  /** Why the image cannot be had. */
  error: PipeError | undefined
}

/**
 * Asks the registry for one image. A definite refusal is explained; whatever decides nothing (no route from here,
 * an unknown way to sign in) is a warning, and left to the engine.
 */
export const find = async (
  image: ImageReference,
  settings: Settings,
  clients: Clients,
  platform: () => Promise<Platform>,
  log: Log,
): Promise<Finding> => {
  const result = await resolveImage(image, credentialsFor(image, settings), clients.get, platform)
  if (!('error' in result)) return { image, resolution: result, error: undefined }
  const { error, tried } = result
  if (!isDefinite(error)) {
    log.warning(
      `${image.name} could not be looked up before the pull, the engine will try: ${error.message}${error.said ? ` (${error.said})` : ''}`,
    )
    return { image, resolution: undefined, error: undefined }
  }
  const tags = error.code === 'PKG-TAG-UNKNOWN' ? await tagsOf(image, clients, tried.at(-1)) : undefined
  return { image, resolution: undefined, error: explained(error, image, settings, tried, tags) }
}

/** The credentials for an image in the order in which they are tried; an image of another registry gets none. */
export const credentialsFor = (image: ImageReference, settings: Settings): Array<Credential | undefined> =>
  image.domain === settings.registry
    ? [settings.builtIn, settings.apiToken].filter((credential) => credential !== undefined)
    : [undefined]

/** A failure of an image with what it means in this run. */
export const explained = (
  error: PipeError,
  image: ImageReference,
  { registry, repository }: Settings,
  tried: ReadonlyArray<Credential | undefined>,
  tags?: readonly string[],
): PipeError => diagnose(error, { image, registry, repository, tried: tried.map((each) => each?.kind), tags })

// Only a help for the hint: whatever goes wrong here must not hide the failure that is explained.
const tagsOf = async (image: ImageReference, clients: Clients, credential: Credential | undefined) => {
  try {
    return (await clients.get(image.domain, credential).tags(image.path)).tags
  } catch (error) {
    if (error instanceof PipeError) return undefined
    throw error
  }
}
