// What an engine asks a registry.
import { addImage, daemon, type FakeEngine, find, sha256, shown } from './images.ts'

interface Got {
  status: number
  body: Buffer
}

// Registries of this machine only, as the engine takes those of 127.0.0.0/8: without TLS.
const get = async (
  { routes = {} }: FakeEngine,
  { host, path, authorization }: { host: string; path: string; authorization: string | undefined },
): Promise<Got> => {
  const { request } = await import('node:http')
  const url = new URL(`http://${routes[host] ?? host}${path}`)
  const headers = { 'user-agent': 'docker/25.0.5', ...(authorization && { authorization }) }
  if (!/^(?:127\.\d+\.\d+\.\d+|localhost)$/.test(url.hostname))
    throw daemon(`Get "https://${host}/v2/": dial tcp: lookup ${url.hostname}: no such host`)
  return new Promise((resolve, reject) => {
    const sent = request(url, { headers }, async (response) => {
      const chunks: Buffer[] = []
      for await (const chunk of response) chunks.push(chunk)
      resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks) })
    })
    sent.on('error', () =>
      reject(daemon(`Get "http://${host}/v2/": dial tcp ${host}: connect: connection refused`)),
    )
    sent.end()
  })
}

/** Asks a registry whether it knows a login. */
export const signIn = async (engine: FakeEngine, host: string, auth: string): Promise<void> => {
  const { status } = await get(engine, { host, path: '/v2/', authorization: `Basic ${auth}` })
  const texts: Record<number, string> = { 401: 'Unauthorized', 403: 'Forbidden', 404: 'Not Found' }
  if (status !== 200)
    throw daemon(
      `login attempt to http://${host}/v2/ failed with status: ${status} ${texts[status] ?? 'Unknown'}`,
    )
}

interface Manifest {
  manifests?: Array<{ digest: string; platform?: { os: string; architecture: string; variant?: string } }>
  config?: { digest: string }
  layers?: Array<{ digest: string }>
}

/** Pulls all of an image but its layers, whose bytes these tests do not need. */
export const pull = async (
  folder: string,
  reference: string,
  engine: FakeEngine,
  auths: Record<string, { auth?: string; registrytoken?: string }>,
): Promise<string> => {
  const [, host, name, wanted = ''] =
    /^([^/]*[.:][^/]*|localhost)\/([^@]+?)(?:[:@]([^/]+))?$/.exec(shown(reference)) ?? []
  if (host === undefined || name === undefined)
    throw daemon(
      'Get "https://registry-1.docker.io/v2/": dial tcp: lookup registry-1.docker.io: no such host',
    )
  const { platform, containerd } = engine
  const { auth, registrytoken } = auths[host] ?? {}
  // A token goes before a login, and then no realm is asked.
  const authorization = registrytoken ? `Bearer ${registrytoken}` : auth && `Basic ${auth}`
  const manifest = async (which: string): Promise<[Manifest, string]> => {
    const { status, body } = await get(engine, {
      host,
      path: `/v2/${name}/manifests/${which}`,
      authorization,
    })
    const code = status === 200 ? undefined : errorOf(body)
    if (status === 401 && authorization === undefined)
      throw daemon(`Head "http://${host}/v2/${name}/manifests/${which}": no basic auth credentials`)
    if (status === 401) throw daemon('unauthorized')
    if (code?.startsWith('denied'))
      throw daemon(
        `pull access denied for ${host}/${name}, repository does not exist or may require 'docker login': ${code}`,
      )
    if (status === 404) throw daemon(code?.split(':')[0] ?? 'manifest unknown')
    if (status !== 200) throw daemon(`received unexpected HTTP status: ${status}`)
    if (which.startsWith('sha256:') && sha256(body) !== which)
      throw daemon(`manifest verification failed for digest ${which}`)
    return [JSON.parse(body.toString()), sha256(body)]
  }
  const [top, digest] = await manifest(wanted)
  const own = top.manifests?.find(({ platform: each }) => each && runs(platform, each))
  if (top.manifests !== undefined && own === undefined)
    throw daemon(`no matching manifest for ${platform} in the manifest list entries`)
  const [image, imageDigest] = own === undefined ? [top, digest] : await manifest(own.digest)
  const config = image.config?.digest ?? ''
  const { status, body } = await get(engine, { host, path: `/v2/${name}/blobs/${config}`, authorization })
  if (status !== 200 || sha256(body) !== config) throw daemon(`error pulling image configuration: ${status}`)
  const id = containerd ? digest : config
  const had = find(folder, id) !== undefined
  const names = [`${host}/${name}@${digest}`, ...(reference.includes('@') ? [] : [shown(reference)])]
  addImage(folder, { id, names, platform: platformOf(body) })
  const layers = had
    ? []
    : (image.layers ?? []).flatMap((layer) =>
        ['Pulling fs layer', 'Verifying Checksum', 'Download complete', 'Pull complete'].map(
          (state) => `${layer.digest.slice(7, 19)}: ${state}`,
        ),
      )
  return [
    `${wanted.includes(':') ? reference : wanted}: Pulling from ${name}`,
    ...layers,
    `Digest: ${containerd ? imageDigest : digest}`,
    `Status: ${had ? 'Image is up to date' : 'Downloaded newer image'} for ${reference}`,
    reference,
    '',
  ].join('\n')
}

const errorOf = (body: Buffer): string | undefined => {
  try {
    const { code, message } = JSON.parse(body.toString()).errors[0]
    const word = String(code).toLowerCase().replaceAll('_', ' ')
    return message === undefined ? word : `${word}: ${message}`
  } catch {
    return undefined
  }
}

const runs = (engine: string, { os, architecture, variant }: Record<string, string | undefined>) => {
  const [ownOs, ownArchitecture, ownVariant] = engine.split('/')
  return os === ownOs && architecture === ownArchitecture && (variant ?? ownVariant) === ownVariant
}

/** The platform that a configuration speaks of. */
export const platformOf = (config: Buffer | string): string => {
  const { os, architecture, variant } = JSON.parse(config.toString())
  return [os, architecture, variant].filter(Boolean).join('/')
}
