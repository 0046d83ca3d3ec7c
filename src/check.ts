import { type Credential, credentialName } from './credential.ts'
import type { Outcome } from './deliver.ts'
import { warnOfSize } from './delivery/carried-size.ts'
import type { Tools } from './delivery/tools.ts'
import type { EngineVersion } from './engine/version.ts'
import { asPipeError, PipeError } from './errors.ts'
import { formatPlatform, type Platform } from './image/platform.ts'
import { formatReference, type ImageReference } from './image/reference.ts'
import type { Clients } from './lookup/clients.ts'
import { explainLogin } from './lookup/diagnosis.ts'
import { createLookup, type Finding } from './lookup/lookup.ts'
import type { Settings } from './settings/settings.ts'
import { freeSpace } from './store/disk.ts'
import { count, size } from './units.ts'

interface Checked {
  image: ImageReference
  finding: Finding
}

/**
 * CHECK_ONLY: looks at the engine, the credentials and every image, prints what it finds as a table, and pulls
 * nothing. Whatever is wrong is an error, also what a delivery would leave to the engine.
 */
export const checkAll = async (settings: Settings, { engine, clients, log }: Tools): Promise<Outcome> => {
  const { images, registry, builtIn, apiToken } = settings
  const version = settle(engine.anonymous.version())
  const platform = async () => settings.platform ?? platformOf(await version)
  const lookup = createLookup({ ...settings, clients, platform })
  const given = [builtIn, apiToken].filter((credential) => credential !== undefined)
  const [found, credentials, checked] = await Promise.all([
    version,
    Promise.all(given.map((credential) => checkCredential(credential, registry, clients))),
    Promise.all(images.map(async (image) => ({ image, finding: await lookup.find(image) }))),
  ])
  log.table([engineRow(found), ...credentials.map(({ row }) => row), await diskRow(checked)])
  log.table(imageRows(checked))
  warnOfSize(totalSize(checked), log)

  const failures = checked.flatMap(({ finding }) => finding.error ?? [])
  const errors = [
    ...(found instanceof PipeError ? [found] : []),
    ...credentials.flatMap(({ error }) => error ?? []),
    ...failures,
  ]
  return {
    images: [],
    errors,
    summary: `${images.length - failures.length} of ${count(images.length)} can be delivered`,
  }
}

const settle = <T>(promise: Promise<T>): Promise<T | PipeError> => promise.catch(asPipeError)

// Without an engine the images are still looked at: as for this machine, which is the engine's in a step.
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
  const error = scheme instanceof PipeError ? explainLogin(scheme, credential.kind) : undefined
  const answer = error === undefined ? `ok: accepted by ${registry}` : error.code
  return { error, row: [credentialName(credential.kind), answer] }
}

// The file system of the pipe's container is the engine's.
const diskRow = async (checked: readonly Checked[]) => [
  'disk',
  `${size(await freeSpace('/'))} free, ${size(totalSize(checked))} to transfer, more when unpacked`,
]

const imageRows = (checked: readonly Checked[]) => [
  ['IMAGE', 'SIZE', 'LAYERS', 'PLATFORM', 'READ WITH', 'RESULT'],
  ...checked.map(({ image, finding: { resolved, error } }) => {
    if (error !== undefined) return [formatReference(image), '', '', '', '', error.code]
    const { compressedSize, layers, platform, credential, digest } = resolved
    return [
      formatReference(image),
      size(compressedSize),
      `${layers.length}`,
      platform === undefined ? '' : formatPlatform(platform),
      credentialName(credential?.kind),
      `ok: ${digest}`,
    ]
  }),
]

const totalSize = (checked: readonly Checked[]) =>
  checked.reduce((sum, { finding }) => sum + (finding.resolved?.compressedSize ?? 0), 0)
