import { deliver } from './deliver.ts'
import { findEngine } from './engine/version.ts'
import { asPipeError, type PipeError } from './errors.ts'
import { credentialsFor, explained, type Finding, find } from './find.ts'
import { mapConcurrently } from './map-concurrently.ts'
import { type Log, seconds, size } from './report/log.ts'
import type { DeliveredImage } from './report/outputs.ts'
import type { Environment } from './settings/environment.ts'
import type { Settings } from './settings.ts'
import { createSignIns, type SignIns } from './sign-in.ts'
import { openTools, type Tools } from './tools.ts'

/** What became of each image, in the order in which they were asked for. */
export type Outcomes = ReadonlyArray<DeliveredImage | PipeError>

// More at a time gains nothing: the engine itself downloads three layers at a time.
const CONCURRENCY = 3

/**
 * Delivers the images into the step's engine: look each one up in its registry, sign in with the credentials that
 * may read them, and have the engine pull what was found.
 */
export const deliverAll = async (
  settings: Settings,
  env: Environment,
  log: Log,
  stopped: AbortSignal,
): Promise<Outcomes> => {
  const tools = openTools(settings, env, log, stopped)
  try {
    const signIns = createSignIns(settings.registry, tools)
    const findings = await findAll(settings, signIns, tools)
    const outcomes = await mapConcurrently(findings, settings.concurrency ?? CONCURRENCY, (finding) =>
      deliverFound(finding, settings, signIns, tools),
    )
    if (!tools.signal.aborted) await signIns.logoutAll()
    return outcomes
  } finally {
    await tools.close()
  }
}

const findAll = async (settings: Settings, signIns: SignIns, tools: Tools): Promise<Finding[]> => {
  const started = performance.now()
  const engine = findEngine(tools.docker, await signIns.configFor(undefined))
  const platform = async () => settings.platform ?? (await engine).platform
  const [findings] = await Promise.all([
    Promise.all(settings.images.map((image) => find(image, settings, tools.clients, platform, tools.log))),
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
  { image, resolution, error }: Finding,
  settings: Settings,
  signIns: SignIns,
  tools: Tools,
): Promise<DeliveredImage | PipeError> => {
  if (error !== undefined) return error
  const credential = resolution === undefined ? credentialsFor(image, settings)[0] : resolution.credential
  try {
    const config = await signIns.configFor(credential)
    return await deliver(
      image,
      { resolution, credential, config, platformChosen: settings.platform !== undefined },
      tools,
    )
  } catch (failure) {
    return explained(asPipeError(failure), image, settings, [credential])
  }
}
