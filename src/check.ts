import { type Credential, credentialName } from './credential.ts'
import type { Outcome } from './deliver.ts'
import { warnOfSize } from './delivery/carried-size.ts'
import { type Misfit, misfitOf } from './delivery/fit.ts'
import type { Tools } from './delivery/tools.ts'
import type { EngineVersion } from './engine/version.ts'
import { asPipeError, PipeError } from './errors.ts'
import { formatPlatform, type Platform } from './image/platform.ts'
import { formatReference, type ImageReference } from './image/reference.ts'
import type { Clients } from './lookup/clients.ts'
import { explainLogin } from './lookup/diagnosis.ts'
import { createLookup, type Lookup } from './lookup/lookup.ts'
import type { Resolved } from './lookup/resolve.ts'
import { sizeOf } from './registry/describe.ts'
import type { Settings } from './settings/settings.ts'
import { freeSpace } from './store/disk.ts'
import { count, size } from './units.ts'

interface Checked {
  image: ImageReference
  resolved?: Resolved | undefined
  platform?: Platform | undefined
  /** Why it cannot be delivered. */
  error?: PipeError | undefined
  /** What a delivery would only warn of. */
  warning?: PipeError | undefined
}

/**
 * CHECK_ONLY: checks the engine, the credentials and every image, prints the findings as a table, and pulls nothing. An
 * image that cannot be looked up is an error here, although a delivery would let the engine try.
 */
export const checkAll = async (settings: Settings, { engine, clients, log }: Tools): Promise<Outcome> => {
  const { images, registry, builtIn, apiToken, platform: chosen } = settings
  const version = settle(engine.anonymous.version())
  const wanted = async () => chosen ?? platformOf(await version)
  const lookup = createLookup({ ...settings, clients, wanted })
  const given = [builtIn, apiToken].filter((credential) => credential !== undefined)
  const [found, credentials, checked] = await Promise.all([
    version,
    Promise.all(given.map((credential) => checkCredential(credential, registry, clients))),
    Promise.all(images.map((image) => checkImage(image, { lookup, settings, version }))),
  ])
  log.table([engineRow(found), ...credentials.map(({ row }) => row), await diskRow(checked)])
  log.table(imageRows(checked))
  warnOfSize(totalSize(checked), log)
  for (const { warning } of checked)
    if (warning !== undefined) log.warning(`${warning.message} ${warning.why}`)

  const failures = checked.flatMap(({ error }) => error ?? [])
  const errors = [
    ...(found instanceof PipeError ? [found] : []),
    ...credentials.flatMap(({ error }) => error ?? []),
    ...failures,
  ]
  return {
    images: images.map(() => null),
    errors,
    summary: `${images.length - failures.length} of ${count(images.length)} can be delivered`,
  }
}

const settle = <T>(promise: Promise<T>): Promise<T | PipeError> => promise.catch(asPipeError)

// Without an engine, check the images against this machine: in a step, the engine runs on it too.
const platformOf = (engine: EngineVersion | PipeError): Platform => {
  const architecture = process.arch === 'x64' ? 'amd64' : process.arch
  return engine instanceof PipeError ? { os: 'linux', architecture } : engine.platform
}

interface Around {
  lookup: Lookup
  settings: Settings
  version: Promise<EngineVersion | PipeError>
}

const checkImage = async (image: ImageReference, around: Around): Promise<Checked> => {
  const { resolved, error } = await around.lookup.find(image)
  if (error !== undefined) return { image, ...(await byEngine(error, around)) }
  const misfit = await misfitFor(image, resolved, around)
  const [fatal, harmless] = misfit?.isFatal ? [misfit.error] : [undefined, misfit?.error]
  return { image, resolved, platform: await resolved.runsOn(), error: fatal, warning: harmless }
}

// Engines before 26 still read schema 1, the format of 2015.
const byEngine = async (
  error: PipeError,
  { version }: Around,
): Promise<Pick<Checked, 'error' | 'warning'>> => {
  const engine = await version
  const reads = error.code === 'PKG-SCHEMA1' && !(engine instanceof PipeError) && majorOf(engine) < 26
  return reads ? { warning: error } : { error }
}

const majorOf = ({ version }: EngineVersion) => Number.parseInt(version, 10)

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

const engineRow = (engine: EngineVersion | PipeError) =>
  engine instanceof PipeError
    ? ['engine', engine.code]
    : ['engine', `ok: ${engine.version}, ${formatPlatform(engine.platform)}, docker CLI ${engine.cliVersion}`]

const checkCredential = async (credential: Credential, registry: string, clients: Clients) => {
  const scheme = await settle(clients.get(registry, credential).signIn())
  const row = (answer: string) => [credentialName(credential.kind), answer]
  if (scheme instanceof PipeError) {
    return { error: explainLogin(scheme, credential.kind), row: row(scheme.code) }
  }
  // An open registry asks for no credential.
  return {
    row: row(scheme.kind === 'none' ? `not asked for: ${registry} is open` : `ok: accepted by ${registry}`),
  }
}

// The pipe's container is on the engine's disk, so both have the same free space.
const diskRow = async (checked: readonly Checked[]) => [
  'disk',
  `${size(await freeSpace('/'))} free, ${size(totalSize(checked))} to transfer, more when unpacked`,
]

const imageRows = (checked: readonly Checked[]) => [
  ['IMAGE', 'SIZE', 'LAYERS', 'PLATFORM', 'READ WITH', 'RESULT'],
  ...checked.map(({ image, resolved, platform, error }) => [
    formatReference(image),
    ...(resolved === undefined ? ['', ''] : [size(resolved.compressedSize), `${resolved.layers.length}`]),
    platform === undefined ? '' : formatPlatform(platform),
    resolved === undefined ? '' : credentialName(resolved.credential?.kind),
    error?.code ?? (resolved === undefined ? 'ok: for the engine alone to read' : `ok: ${resolved.digest}`),
  ]),
]

const totalSize = (checked: readonly Checked[]) =>
  sizeOf(
    checked.flatMap(({ resolved }) => (resolved === undefined ? [] : [resolved.config, ...resolved.layers])),
  )
