// An engine's images in a folder: a file by id, and one by each name.
import { createHash, randomBytes } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
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

/** What the engine itself refuses, as the CLI shows it. */
export const daemon = (message: string, stdout = '') =>
  new EngineError(`Error response from daemon: ${message}`, stdout)

/** The digest of some bytes. */
export const sha256 = (bytes: Buffer | string) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`

const fileOf = (folder: string, name: string) => join(folder, 'images', encodeURIComponent(name))

/** A name as the engine shows it: without a tag it means `latest`; Docker Hub's own are short. */
export const shown = (reference: string): string => {
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

/** Writes a file in one piece: the pipe has several commands under way. */
export const write = (folder: string, path: string, value: object): void => {
  const temporary = join(folder, randomBytes(6).toString('hex'))
  writeFileSync(temporary, JSON.stringify(value))
  renameSync(temporary, path)
}

/** The image of an id or a name. */
export const find = (folder: string, reference: string): Required<Omit<ListedImage, 'names'>> | undefined => {
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

/** Gives an image another name. */
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
