import { statfs } from 'node:fs/promises'
import { type Engine, findEngine } from './engine/version.ts'
import { asPipeError, PipeError } from './errors.ts'
import { formatPlatform, type Platform } from './image/platform.ts'
import { count, size } from './report/log.ts'
import { table } from './report/table.ts'
import type { Settings } from './settings/settings.ts'
import { warnOfSize } from './store/size.ts'
import type { Outcome } from './deliver.ts'
import { credentialName, explainLogin } from './lookup/diagnosis.ts'
import { type Finding, find } from './lookup/find.ts'
import type { Tools } from './delivery/tools.ts'

/**
 * CHECK_ONLY: looks at the engine, the credentials and every image, prints what it finds as a table, and pulls
 * nothing. Whatever is wrong is an error, also what a delivery would leave to the engine.
 */
export const checkAll = async (settings: Settings, tools: Tools): Promise<Outcome> => {
  const { images } = settings
  const engine = settle(findEngine(tools.docker, tools.configs.create(settings.registry)))
  const platform = async () => settings.platform ?? (await platformOf(engine))
  const [found, credentials, findings] = await Promise.all([
    engine,
    checkCredentials(settings, tools),
    Promise.all(images.map((image) => find(image, settings, tools.clients, platform))),
  ])
  const rows = [engineRow(found), ...credentials.map(({ row }) => row), await diskRow(findings)]
  for (const line of table(rows)) tools.log.info(line)
  for (const line of table(imageRows(findings))) tools.log.info(line)
  warnOfSize(totalSize(findings), tools.log)

  const failures = findings.flatMap(({ error }) => error ?? [])
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
const platformOf = async (engine: Promise<Engine | PipeError>): Promise<Platform> => {
  const found = await engine
  const architecture = process.arch === 'x64' ? 'amd64' : process.arch
  return found instanceof PipeError ? { os: 'linux', architecture } : found.platform
}

const engineRow = (engine: Engine | PipeError) =>
  engine instanceof PipeError
    ? ['engine', engine.code]
    : ['engine', `ok: ${engine.version}, ${formatPlatform(engine.platform)}, docker CLI ${engine.cliVersion}`]

const checkCredentials = ({ registry, builtIn, apiToken }: Settings, { clients }: Tools) =>
  Promise.all(
    [builtIn, apiToken]
      .filter((credential) => credential !== undefined)
      .map(async (credential) => {
        const scheme = await settle(clients.get(registry, credential).signIn())
        const error = scheme instanceof PipeError ? explainLogin(scheme, credential.kind) : undefined
        return {
          error,
          row: [
            credentialName(credential.kind),
            error === undefined ? `ok: accepted by ${registry}` : error.code,
          ],
        }
      }),
  )

// The file system of the pipe's container is the engine's.
const diskRow = async (findings: readonly Finding[]) => {
  const { bavail, bsize } = await statfs('/')
  return [
    'disk',
    `${size(bavail * bsize)} free, ${size(totalSize(findings))} to transfer, more when unpacked`,
  ]
}

const imageRows = (findings: readonly Finding[]) => [
  ['IMAGE', 'SIZE', 'LAYERS', 'PLATFORM', 'READ WITH', 'RESULT'],
  ...findings.map(({ image, resolution, error }) => {
    const name = `${image.name}${image.tag === undefined ? '' : `:${image.tag}`}${image.digest === undefined ? '' : `@${image.digest}`}`
    if (error !== undefined) return [name, '', '', '', '', error.code]
    const { compressedSize, layers, platform, credential, digest } = resolution
    return [
      name,
      size(compressedSize),
      `${layers.length}`,
      platform ?? '',
      credentialName(credential?.kind),
      `ok: ${digest}`,
    ]
  }),
]

const totalSize = (findings: readonly Finding[]) =>
  findings.reduce((sum, { resolution }) => sum + (resolution?.compressedSize ?? 0), 0)
