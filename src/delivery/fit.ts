import { zstdWords } from '../engine/classes.ts'
import type { EngineVersion } from '../engine/version.ts'
import { PipeError } from '../errors.ts'
import { matchPlatform } from '../image/match.ts'
import { formatPlatform, type Platform, PlatformError, parsePlatform } from '../image/platform.ts'
import type { ImageReference } from '../image/reference.ts'
import { isDefinite } from '../lookup/definite.ts'
import type { Resolved } from '../lookup/resolve.ts'
import type { Configuration } from '../registry/configuration.ts'
import type { Descriptor } from '../registry/manifest.ts'
import type { Log } from '../report/log.ts'
import { absentPart } from './absent-part.ts'

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

/** Why an engine does not read an image as it is sent; undefined if it does. */
export const oddlySent = ({ name }: ImageReference, { oddity }: Resolved): PipeError | undefined =>
  oddity === undefined
    ? undefined
    : new PipeError('PKG-MANIFEST', `The manifest of ${name} is sent in a way that engines do not read`, {
        why: `It is sent ${oddity}; engines go by the media type in the header, and undo no coding but gzip.`,
        hint: 'Have the registry, or the proxy before it, send manifests with their own media type and without any coding; or set STORE: then the pipe reads the image itself.',
      })

/** Why an engine refuses the configuration of an image, as far as it was read; undefined if nothing is wrong with it. */
export const unusable = (
  { name }: ImageReference,
  { layers }: Resolved,
  configuration: Configuration | PipeError,
): PipeError | undefined => {
  if (configuration instanceof PipeError)
    return isDefinite(configuration) ? absentPart(configuration) : undefined
  return layersFault(name, layers, configuration)
}

/** Why a configuration is not that of an image of these layers; undefined if it is. Containerd's store loads it anyway. */
export const layersFault = (
  name: string,
  layers: readonly unknown[],
  configuration: Configuration,
): PipeError | undefined => {
  if (configuration.layers === layers.length) return undefined
  const why =
    configuration.layers === undefined
      ? 'Its configuration is not one of an image.'
      : `Its configuration has ${configuration.layers} layers, its manifest ${layers.length}.`
  return new PipeError('PKG-MANIFEST', `${name} cannot be used`, { why })
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
