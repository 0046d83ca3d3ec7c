import { zstdWords } from '../engine/classes.ts'
import type { EngineVersion } from '../engine/version.ts'
import { PipeError } from '../errors.ts'
import { matchPlatform } from '../image/match.ts'
import { formatPlatform, type Platform, PlatformError, parsePlatform } from '../image/platform.ts'
import type { ImageReference } from '../image/reference.ts'
import type { Resolved } from '../lookup/resolve.ts'
import type { Descriptor } from '../registry/manifest.ts'
import type { Log } from '../report/log.ts'

/** What decides whether an engine can use an image. */
export interface Fitting {
  /** PLATFORM, where the user named one. */
  chosen: Platform | undefined
  /** Asks the engine for its version and platform; called only if they matter, and answered once. */
  version: () => Promise<EngineVersion>
  /** Whether commands are to run in this image. */
  isToRun: (image: ImageReference) => boolean
}

/** Why an engine cannot use an image. Not fatal if the engine can keep the image and need not run it. */
export interface Misfit {
  error: PipeError
  isFatal: boolean
}

/** Why an engine could not use an image that it pulled, as far as the registry tells. */
export const misfitOf = async (
  image: ImageReference,
  { layers, platform, runsOn }: Resolved,
  fitting: Fitting,
): Promise<Misfit | undefined> => {
  if (layers.some(isZstd)) {
    const error = unreadable(image, layers, await fitting.version())
    if (error !== undefined) return { error, isFatal: true }
  }
  // From an index, the right image was chosen already.
  if (fitting.chosen !== undefined || platform !== undefined) return undefined
  const on = await runsOn()
  return on && foreign(image, on, fitting)
}

/** Why an engine does not run images of this platform; undefined if it does. */
export const foreign = async (
  image: ImageReference,
  platform: Platform,
  { version, isToRun }: Fitting,
): Promise<Misfit | undefined> => {
  const engine = await version()
  if (mayRun(engine.platform, platform)) return undefined
  const [its, own] = [formatPlatform(platform), formatPlatform(engine.platform)]
  const error = new PipeError('PKG-PLATFORM', `${image.name} is for ${its}, this engine is ${own}.`, {
    why: 'Programs of another platform end with "exec format error", unless the engine emulates it.',
    hint: `Build the image for ${own} too, or run the step on a machine for ${its}; if the engine emulates ${its}, name that in PLATFORM.`,
  })
  return { error, isFatal: isToRun(image) }
}

/** Whether a machine runs images of this platform, or may: an engine does not say which variant its processor is. */
export const mayRun = (machine: Platform, platform: Platform): boolean => {
  const { matches } = matchPlatform(machine)
  return matches(platform) || matches({ ...platform, variant: machine.variant })
}

/** Warns that an image is delivered, but of no use here. */
export const warnOfMisfit = ({ error }: Misfit, log: Log): void =>
  log.warning(`${error.message} ${error.why}`)

/** Why an image is not the one of PLATFORM; undefined if it is. */
export const notChosen = (
  { name }: ImageReference,
  platform: Platform,
  chosen: Platform,
): PipeError | undefined =>
  matchPlatform(chosen).matches(platform)
    ? undefined
    : new PipeError('PKG-PLATFORM', `${name} has no image for ${formatPlatform(chosen)}.`, {
        why: `It was built for ${formatPlatform(platform)}.`,
      })

// Goes by the media types of the layers alone.
const unreadable = (
  { name }: ImageReference,
  layers: readonly Descriptor[],
  { version }: Pick<EngineVersion, 'version'>,
): PipeError | undefined => {
  const zstd = layers.find(isZstd)
  if (zstd === undefined || Number.parseInt(version, 10) >= 23) return undefined
  return new PipeError('PKG-MANIFEST', `${name} has layers that this engine cannot read.`, {
    said: zstd.mediaType,
    ...zstdWords(version),
  })
}

// image-spec, layer.md
const isZstd = ({ mediaType }: Descriptor): boolean => /[.+]zstd$/.test(mediaType)

/** Reads a platform as the engine writes it; undefined if a part is missing. */
export const platformFrom = (text: string): Platform | undefined => {
  try {
    return parsePlatform(text)
  } catch (error) {
    if (error instanceof PlatformError) return undefined
    throw error
  }
}
