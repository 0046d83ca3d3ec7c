// What a Docker engine does, with a folder in its place: images are files by id and by name, containers by name.
import { createHash, randomBytes } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface FakeEngine {
  /** Whether it keeps its images in containerd's store, where an image's id is the digest of its manifest. */
  containerd: boolean
  /** `os/arch[/variant]`. */
  platform: string
  /** Where it finds a registry that the pipe cannot reach: host to host. */
  routes?: Record<string, string>
}

/** An image and its names: `name:tag` and `name@sha256:…`, as the engine shows them. */
export interface ListedImage {
  id: string
  names?: readonly string[]
  platform?: string
}

/** What the engine answers instead of doing it. */
export class EngineError extends Error {
  /** What comes on standard output nevertheless. */
  readonly stdout: string
  constructor(message: string, stdout = '') {
    super(message)
    this.stdout = stdout
  }
}

const daemon = (message: string, stdout = '') =>
  new EngineError(`Error response from daemon: ${message}`, stdout)

const sha256 = (bytes: Buffer | string) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`

const fileOf = (folder: string, name: string) => join(folder, 'images', encodeURIComponent(name))

/** Names without a tag mean `latest`; Docker Hub's own are short. */
const shown = (reference: string): string => {
  const familiar = reference.replace(/^docker\.io\/(?:library\/)?/, '')
  return /[:@][^/]*$/.test(familiar) ? familiar : `${familiar}:latest`
}

/** Has the engine keep an image. */
export const addImage = (
  folder: string,
  { id, names = [], platform = 'linux/arm64/v8' }: ListedImage,
): void => {
  for (const name of [id, ...names]) write(folder, fileOf(folder, name), { id, platform })
}

// In one piece: the pipe has several commands under way.
const write = (folder: string, path: string, value: object): void => {
  const temporary = join(folder, randomBytes(6).toString('hex'))
  writeFileSync(temporary, JSON.stringify(value))
  renameSync(temporary, path)
}

const find = (folder: string, reference: string): Required<Omit<ListedImage, 'names'>> | undefined => {
  const candidates = [shown(reference), reference, `sha256:${reference}`]
  const file = candidates.map((name) => fileOf(folder, name)).find((each) => existsSync(each))
  return file === undefined ? undefined : JSON.parse(readFileSync(file, 'utf8'))
}

const stored = (folder: string) =>
  readdirSync(join(folder, 'images')).map((file) => ({
    name: decodeURIComponent(file),
    ...(JSON.parse(readFileSync(join(folder, 'images', file), 'utf8')) as { id: string; platform: string }),
  }))

const namesOf = (folder: string, id: string) => {
  const names = stored(folder).flatMap((each) => (each.id === id && each.name !== id ? [each.name] : []))
  return {
    digests: names.filter((name) => name.includes('@')),
    tags: names.filter((name) => !name.includes('@')),
  }
}

/** The rows of `docker image ls`: every tag with every digest of its repository, then what has no tag. */
export const listImages = (folder: string) =>
  stored(folder)
    .filter(({ id, name }) => id === name)
    .flatMap(({ id }) => {
      const { tags, digests } = namesOf(folder, id)
      const repository = (name: string) => name.replace(/[:@][^/]*$/, '')
      const last = (name: string) => name.slice(repository(name).length + 1)
      const tagged = tags.flatMap((tag) => {
        const own = digests.filter((digest) => repository(digest) === repository(tag)).map(last)
        return (own.length > 0 ? own : ['<none>']).map((Digest) => ({
          Repository: repository(tag),
          Tag: last(tag),
          Digest,
        }))
      })
      const untagged = digests
        .filter((digest) => !tags.some((tag) => repository(tag) === repository(digest)))
        .map((digest) => ({ Repository: repository(digest), Tag: '<none>', Digest: last(digest) }))
      const nameless = { Repository: '<none>', Tag: '<none>', Digest: '<none>' }
      const rows = [...tagged, ...untagged]
      return (rows.length > 0 ? rows : [nameless]).map((row) => ({ ID: id, ...row }))
    })

/** What `docker image inspect` says. */
export const describe = (folder: string, reference: string) => {
  const image = find(folder, reference)
  if (image === undefined) throw daemon(`no such image: ${reference}: No such image: ${reference}`, '\n')
  const { tags, digests } = namesOf(folder, image.id)
  const [Os, Architecture, Variant] = image.platform.split('/')
  return {
    ...{ Id: image.id, RepoTags: tags, RepoDigests: digests, Parent: '', Comment: '' },
    ...{ Created: '0001-01-01T00:00:00Z', DockerVersion: '', Author: '', Config: null },
    ...{ Architecture, ...(Variant && { Variant }), Os, Size: 3 },
  }
}

export const tag = (folder: string, source: string, target: string): string => {
  const name = shown(target)
  if (!/^[a-z0-9.:_/-]+:[\w.-]+$/.test(name))
    throw new EngineError(
      `Error parsing reference: "${target}" is not a valid repository/tag: invalid reference format`,
    )
  const image = find(folder, source)
  if (image === undefined) throw daemon(`No such image: ${source}`)
  addImage(folder, { ...image, names: [name] })
  return ''
}

interface Got {
  status: number
  body: Buffer
}

// Registries of this machine only, as the engine takes those of 127.0.0.0/8: without TLS.
const get = async (
  { routes = {} }: FakeEngine,
  { host, path, auth }: { host: string; path: string; auth: string | undefined },
): Promise<Got> => {
  const { request } = await import('node:http')
  const url = new URL(`http://${routes[host] ?? host}${path}`)
  const headers = { 'user-agent': 'docker/25.0.5', ...(auth && { authorization: `Basic ${auth}` }) }
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
  const { status } = await get(engine, { host, path: '/v2/', auth })
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
  auths: Record<string, { auth?: string }>,
): Promise<string> => {
  const [, host, name, wanted = ''] =
    /^([^/]*[.:][^/]*|localhost)\/([^@]+?)(?:[:@]([^/]+))?$/.exec(shown(reference)) ?? []
  if (host === undefined || name === undefined)
    throw daemon(
      'Get "https://registry-1.docker.io/v2/": dial tcp: lookup registry-1.docker.io: no such host',
    )
  const { platform, containerd } = engine
  const auth = auths[host]?.auth
  const manifest = async (which: string): Promise<[Manifest, string]> => {
    const { status, body } = await get(engine, { host, path: `/v2/${name}/manifests/${which}`, auth })
    const code = status === 200 ? undefined : errorOf(body)
    if (status === 401 && auth === undefined)
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
  const { status, body } = await get(engine, { host, path: `/v2/${name}/blobs/${config}`, auth })
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

const platformOf = (config: Buffer | string): string => {
  const { os, architecture, variant } = JSON.parse(config.toString())
  return [os, architecture, variant].filter(Boolean).join('/')
}

/** The files of a tar archive (POSIX.1-1988 "ustar"). */
const untar = (archive: Buffer): Map<string, Buffer> => {
  const files = new Map<string, Buffer>()
  for (let at = 0; at !== archive.length && archive[at] !== 0; ) {
    const header = archive.subarray(at, at + 512)
    const size = Number.parseInt(header.toString('latin1', 124, 136), 8)
    if (header.length < 512 || archive.length < at + 512 + size)
      throw new EngineError('Error processing tar file(exit status 1): unexpected EOF')
    files.set(
      header.toString('utf8', 0, 100).replace(/\0.*$/s, ''),
      archive.subarray(at + 512, at + 512 + size),
    )
    at += 512 + Math.ceil(size / 512) * 512
  }
  return files
}

/** Takes the images of an archive of `docker save`, and checks their bytes as an engine does. */
export const load = async (folder: string, archive: Buffer, engine: FakeEngine): Promise<string> => {
  const files = untar(archive)
  const file = (name: string): Buffer => {
    const found = files.get(name)
    if (found !== undefined) return found
    throw new EngineError(`open /var/lib/docker/tmp/docker-import-1/${name}: no such file or directory`)
  }
  if (!files.has('manifest.json')) file('repositories')
  const images = JSON.parse(file('manifest.json').toString()) as Array<{
    Config: string
    RepoTags: string[]
    Layers: string[]
  }>
  const said: string[] = []
  for (const { Config, RepoTags, Layers } of images) {
    const config = file(Config)
    const diffIds = JSON.parse(config.toString()).rootfs.diff_ids as string[]
    if (diffIds.length !== Layers.length)
      throw new EngineError(`invalid manifest, layers length mismatch: ${Layers.length}, ${diffIds.length}`)
    for (const [index, layer] of Layers.entries()) {
      const plain = await inflated(file(layer))
      const isTar =
        plain.toString('latin1', 257, 262) === 'ustar' || plain.subarray(0, 512).every((byte) => !byte)
      if (!isTar)
        throw new EngineError('Error processing tar file(exit status 1): archive/tar: invalid tar header')
      const got = sha256(plain)
      if (got !== diffIds[index])
        throw new EngineError(`invalid diffID for layer ${index}: expected "${diffIds[index]}", got "${got}"`)
    }
    for (const name of RepoTags) {
      const id = engine.containerd ? manifestOf(file('index.json'), name) : sha256(config)
      addImage(folder, { id, names: [name], platform: platformOf(config) })
      said.push(`Loaded image: ${name}\n`)
    }
  }
  return said.join('')
}

const manifestOf = (index: Buffer, name: string): string => {
  const { manifests } = JSON.parse(index.toString()) as {
    manifests: Array<{ digest: string; annotations?: Record<string, string> }>
  }
  const entry = manifests.find(({ annotations }) => annotations?.['io.containerd.image.name'] === name)
  if (entry === undefined) throw new EngineError(`no manifest for ${name}`)
  return entry.digest
}

const inflated = async (layer: Buffer): Promise<Buffer> => {
  if (layer.readUInt16BE(0) !== 0x1f8b) return layer
  const { gunzipSync } = await import('node:zlib')
  return gunzipSync(layer)
}

const containerFile = (folder: string, name: string) => join(folder, 'containers', name)

export const create = (folder: string, image: string, flags: Map<string, string>): string => {
  const name = flags.get('name') ?? randomBytes(6).toString('hex')
  if (find(folder, image) === undefined)
    throw new EngineError(
      `Unable to find image '${image}' locally\nError response from daemon: No such image: ${image}`,
    )
  if (existsSync(containerFile(folder, name)))
    throw daemon(
      `Conflict. The container name "/${name}" is already in use by container "${name}". You have to remove (or rename) that container to be able to reuse that name.`,
    )
  write(folder, containerFile(folder, name), { running: false, rm: flags.has('rm') })
  return `${randomBytes(32).toString('hex')}\n`
}

const containerOf = (folder: string, name: string): { running: boolean; rm: boolean } | undefined =>
  existsSync(containerFile(folder, name))
    ? JSON.parse(readFileSync(containerFile(folder, name), 'utf8'))
    : undefined

export const start = (folder: string, name: string): string => {
  const container = containerOf(folder, name)
  if (container === undefined)
    throw daemon(`No such container: ${name}\nError: failed to start containers: ${name}`)
  write(folder, containerFile(folder, name), { ...container, running: true })
  return `${name}\n`
}

/** A container whose shell reads its program to the last line, and ends. @returns the program */
export const attach = async (folder: string, name: string): Promise<string> => {
  const container = containerOf(folder, name)
  if (container === undefined) throw daemon(`No such container: ${name}`)
  if (!container.running) throw new EngineError('You cannot attach to a stopped container, start it first')
  let program = ''
  for await (const chunk of process.stdin) {
    program += String(chunk)
    if (program.endsWith('\n}\n')) break
  }
  if (container.rm) remove(folder, name, true)
  return program
}

/** @returns whether it was there; without force, one that is not is an error */
export const remove = (folder: string, name: string, force: boolean): boolean => {
  const container = containerOf(folder, name)
  if (container === undefined && !force) throw daemon(`No such container: ${name}`)
  if (container?.running && !force)
    throw daemon(
      `cannot remove container "/${name}": container is running: stop the container before removing or force remove`,
    )
  rmSync(containerFile(folder, name), { force: true })
  return container !== undefined
}
