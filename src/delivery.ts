import { deliver } from './deliver.ts'
import { findEngine } from './engine/version.ts'
import { asPipeError, PipeError } from './errors.ts'
import { credentialsFor, explained, type Finding, find } from './find.ts'
import { mapConcurrently } from './map-concurrently.ts'
import { count, seconds, size } from './report/log.ts'
import type { DeliveredImage } from './report/outputs.ts'
import type { Settings } from './settings.ts'
import { createSignIns, type SignIns } from './sign-in.ts'
import type { Tools } from './tools.ts'

/** What a run came to. */
export interface Outcome {
  /** The images in the order in which they were asked for; null where one is not in the engine. */
  images: ReadonlyArray<DeliveredImage | null>
  errors: readonly PipeError[]
  /** For the last line of the log. */
  summary: string
}

// More at a time gains nothing: the engine itself downloads three layers at a time.
const CONCURRENCY = 3

/**
 * Delivers the images into the step's engine: look each one up in its registry, sign in with the credentials that
 * may read them, and have the engine pull what was found.
 */
export const deliverAll = async (settings: Settings, tools: Tools): Promise<Outcome> => {
  const signIns = createSignIns(settings.registry, tools)
  const findings = await findAll(settings, signIns, tools)
  const outcomes = await mapConcurrently(findings, settings.concurrency ?? CONCURRENCY, (finding) =>
    deliverFound(finding, settings, signIns, tools),
  )
  if (!tools.signal.aborted) await signIns.logoutAll()

  const images = outcomes.map((outcome) => (outcome instanceof PipeError ? null : outcome))
  const errors = outcomes.filter((outcome) => outcome instanceof PipeError)
  const summary =
    errors.length === 0
      ? `${count(images.length)} in the step's engine`
      : `${images.length - errors.length} of ${count(images.length)} delivered`
  return { images, errors, summary }
}

const findAll = async (settings: Settings, signIns: SignIns, tools: Tools): Promise<Finding[]> => {
  const started = performance.now()
  const engine = findEngine(tools.docker, await signIns.configFor(undefined))
  const platform = async () => settings.platform ?? (await engine).platform
  const [findings] = await Promise.all([
    Promise.all(settings.images.map((image) => find(image, settings, tools.clients, platform))),
    engine,
  ])
  const resolutions = findings.flatMap(({ resolution }) => resolution ?? [])
  if (resolutions.length > 0) {
    const bytes = resolutions.reduce((sum, { compressedSize }) => sum + compressedSize, 0)
    const layers = resolutions.reduce((sum, each) => sum + each.layers.length, 0)
    tools.log.info(
      `Found ${resolutions.length} of ${findings.length} in the registry: ${size(bytes)} in ${layers} layers (${seconds(performance.now() - started)})`,
    )
  }
  return findings
}

const deliverFound = async (
  finding: Finding,
  settings: Settings,
  signIns: SignIns,
  tools: Tools,
): Promise<DeliveredImage | PipeError> => {
  const { image, resolution, error } = finding
  if (error !== undefined) {
    if (finding.definite) return error
    const said = error.said === undefined ? '' : ` (${error.said})`
    tools.log.warning(`${image.name} could not be looked up, the engine will try: ${error.message}${said}`)
  }
  const credential = resolution === undefined ? credentialsFor(image, settings)[0] : resolution.credential
  const platformChosen = settings.platform !== undefined
  try {
    const config = await signIns.configFor(credential)
    return await deliver(image, { resolution, credential, config, platformChosen }, tools)
  } catch (failure) {
    return explained([{ credential, error: asPipeError(failure) }], image, settings)
  }
}
