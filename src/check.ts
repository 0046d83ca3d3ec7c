import { type Credential, credentialName } from './credential.ts'
import type { Outcome } from './deliver.ts'
import { warnOfSize } from './delivery/carried-size.ts'
import { type Checked, checkImage } from './delivery/check-image.ts'
import type { Tools } from './delivery/tools.ts'
import type { EngineVersion } from './engine/version.ts'
import { asPipeError, PipeError } from './errors.ts'
import { formatPlatform, type Platform } from './image/platform.ts'
import { formatReference } from './image/reference.ts'
import type { Clients } from './lookup/clients.ts'
import { explainLogin } from './lookup/diagnosis.ts'
import { createLookup } from './lookup/lookup.ts'
import { once } from './once.ts'
import { sizeOf } from './registry/describe.ts'
import type { Settings } from './settings/settings.ts'
import { freeSpace } from './store/disk.ts'
import { count, size } from './units.ts'

/**
 * CHECK_ONLY: checks the engine, the credentials and every image, prints the findings as a table, and pulls nothing. An
 * image that cannot be looked up is an error here, although a delivery would let the engine try.
 */
export const checkAll = async (settings: Settings, { engine, clients, log }: Tools): Promise<Outcome> => {
  const { images, registry, builtIn, apiToken, platform: chosen } = settings
  const version = settle(engine.anonymous.version())
  const wanted = async () => chosen ?? platformOf(await version)
  const lookup = createLookup({ ...settings, clients, wanted })
  const usesContainerd = once(() => engine.anonymous.usesContainerd())
  const given = [builtIn, apiToken].filter((credential) => credential !== undefined)
  const [found, credentials, checked] = await Promise.all([
    version,
    Promise.all(given.map((credential) => checkCredential(credential, registry, clients))),
    Promise.all(images.map((image) => checkImage(image, { lookup, settings, version, usesContainerd }))),
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
  return {
    row: row(
      scheme.kind === 'none' ? `not asked for: ${registry} ${scheme.because}` : `ok: accepted by ${registry}`,
    ),
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
