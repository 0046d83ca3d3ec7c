import type { EngineVersion } from '../engine/version.ts'
import { PipeError } from '../errors.ts'
import type { Platform } from '../image/platform.ts'
import type { ImageReference } from '../image/reference.ts'
import type { Lookup } from '../lookup/lookup.ts'
import type { Resolved } from '../lookup/resolve.ts'
import type { Settings } from '../settings/settings.ts'
import { type Misfit, misfitOf, oddlySent, unusable } from './fit.ts'

/** What CHECK_ONLY finds out about an image. */
export interface Checked {
  image: ImageReference
  resolved?: Resolved | undefined
  platform?: Platform | undefined
  /** Why it cannot be delivered. */
  error?: PipeError | undefined
  /** What a delivery would only warn of. */
  warning?: PipeError | undefined
}

interface Around {
  lookup: Lookup
  settings: Settings
  version: Promise<EngineVersion | PipeError>
  /** Whether the engine keeps its images in containerd's store. */
  usesContainerd: () => Promise<boolean>
}

/** Checks an image as registry and engine would: what the engine refuses after the login is an error here. */
export const checkImage = async (image: ImageReference, around: Around): Promise<Checked> => {
  const { resolved, error } = await around.lookup.find(image)
  if (error !== undefined) return { image, ...(await byEngine(error, around)) }
  const checked = { image, resolved, platform: await resolved.runsOn() }
  const fault = await faultOf(image, resolved, around)
  if (fault !== undefined) return { ...checked, error: fault }
  const misfit = await misfitFor(image, resolved, around)
  if (misfit === undefined) return checked
  const isFatal = misfit.isFatal || (await isOfAnotherSystem(checked, around))
  return { ...checked, [isFatal ? 'error' : 'warning']: misfit.error }
}

// What is not understood here, an engine may read: schema 1, the format of 2015, before 26; and whatever contradicts its
// own type, with containerd's store.
const byEngine = async (
  error: PipeError,
  { version, usesContainerd }: Around,
): Promise<Pick<Checked, 'error' | 'warning'>> => {
  const engine = await version
  if (!error.unclear || engine instanceof PipeError) return { error }
  const reads =
    error.code === 'PKG-SCHEMA1'
      ? Number.parseInt(engine.version, 10) < 26
      : error.code === 'PKG-MANIFEST' && (await usesContainerd().catch(() => false))
  return reads ? { warning: error } : { error }
}

const faultOf = async (
  image: ImageReference,
  resolved: Resolved,
  { settings: { store }, usesContainerd }: Around,
): Promise<PipeError | undefined> => {
  // With a store, the engine gets the image from the pipe; with containerd's, it goes by what the document says.
  const odd = store === undefined ? oddlySent(image, resolved) : undefined
  const sent = odd && (await usesContainerd().catch(() => false)) ? undefined : odd
  if (sent !== undefined || resolved.platform !== undefined) return sent
  return unusable(image, resolved, await resolved.configuration())
}

const misfitFor = async (
  image: ImageReference,
  resolved: Resolved,
  { settings: { images, run, store, platform: chosen }, version }: Around,
): Promise<Misfit | undefined> => {
  const engine = await version
  if (engine instanceof PipeError) return undefined
  const isToRun = (each: ImageReference) => run !== undefined && each === images[0]
  // With a store, the pipe itself inflates the layers that the engine cannot.
  const layers = store === undefined ? resolved.layers : []
  return misfitOf(image, { ...resolved, layers }, { chosen, version: async () => engine, isToRun })
}

// The engine's own store takes images of its own operating system alone; containerd's takes any.
const isOfAnotherSystem = async (
  { platform }: Checked,
  { version, usesContainerd }: Around,
): Promise<boolean> => {
  const engine = await version
  if (engine instanceof PipeError || platform === undefined || platform.os === engine.platform.os)
    return false
  return !(await usesContainerd().catch(() => false))
}
