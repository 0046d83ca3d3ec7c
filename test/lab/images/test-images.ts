import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, mkdtemp, rename, rm, stat, writeFile } from 'node:fs/promises'
import { arch } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGzip, createZstdCompress } from 'node:zlib'
import { execa } from 'execa'
import { authority } from '../world/certificates.ts'
import { runInside } from '../world/namespace.ts'
import type { Registry } from '../world/registry.ts'
import type { World } from '../world/world.ts'
import { type Fill, textFile } from './layers.ts'

/** An image in a registry of the laboratory. */
export interface TestImage {
  /** Digest of what the tag names: a manifest, or an index. */
  digest: string
  /** Digest of the manifest for each platform. */
  platforms: Record<string, string>
  /** The image's id: the digest of its configuration, for each platform. */
  ids: Record<string, string>
  /** Bytes of the compressed layers and the configuration, for each platform. */
  sizes: Record<string, number>
}

/** What is in an image, as the tests need it. */
export interface Recipe {
  /** One layer each, besides a last one that names the platform in `/etc/platform`. */
  layers: Fill[]
  platforms?: readonly string[]
  /** Owner of all files; 0 unless told. */
  owner?: number
  command?: readonly string[]
  /** More of the image's configuration: `User`, `Entrypoint`, `Env`. */
  config?: Record<string, unknown>
  /** zlib's level: 0 stores, which is what incompressible content comes to. */
  level?: number
  /** Layers in Zstandard, as buildx writes them where it is told to: OCI, and without their sizes. */
  zstd?: boolean
}

const native = `linux/${arch() === 'x64' ? 'amd64' : arch()}`
const media = 'application/vnd.docker'
const docker = {
  manifest: `${media}.distribution.manifest.v2+json`,
  index: `${media}.distribution.manifest.list.v2+json`,
  config: `${media}.container.image.v1+json`,
  layer: `${media}.image.rootfs.diff.tar.gzip`,
}
const oci = {
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  index: 'application/vnd.oci.image.index.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar+zstd',
}
const typesOf = ({ zstd }: Recipe) => (zstd ? oci : docker)

/** Makes an image and pushes it as `name:tag` to each of the registries; no engine is involved. */
export const pushImage = async (
  world: World,
  targets: readonly Registry[],
  name: string,
  recipe: Recipe,
): Promise<TestImage> => {
  const dir = await mkdtemp(join(world.dir, 'image-'))
  try {
    const image = await makeImage(dir, recipe)
    for (const registry of targets) await push(world, dir, `${registry}/${name}`)
    return image
  } finally {
    await rm(dir, { recursive: true })
  }
}

const push = async (world: World, dir: string, target: string): Promise<void> => {
  const { username, password } = world.publisher
  const credentials = target.startsWith('open.') ? [] : [`--dest-creds=${username}:${password}`]
  await runInside(
    world,
    ['skopeo', 'copy', '--quiet', '--all', ...credentials, `dir:${dir}`, `docker://${target}`],
    {
      env: { SSL_CERT_FILE: join(await authority(), 'ca.crt') },
    },
  )
}

// The layout of skopeo's `dir:`: blobs by their digest, `manifest.json` for what the tag names.
const makeImage = async (dir: string, recipe: Recipe): Promise<TestImage> => {
  await writeFile(join(dir, 'version'), 'Directory Transport Version: 1.1\n')
  const types = typesOf(recipe)
  const image: TestImage = { digest: '', platforms: {}, ids: {}, sizes: {} }
  const manifests = []
  for (const platform of recipe.platforms ?? [native]) {
    const { bytes, id, size } = await makeManifest(dir, recipe, platform)
    image.platforms[platform] = digestOf(bytes)
    image.ids[platform] = id
    image.sizes[platform] = size
    const [os, architecture] = platform.split('/')
    const described = { mediaType: types.manifest, size: bytes.length, digest: digestOf(bytes) }
    manifests.push({ ...described, platform: { os, architecture } })
    await writeFile(
      join(dir, recipe.platforms ? `${hex(digestOf(bytes))}.manifest.json` : 'manifest.json'),
      bytes,
    )
    image.digest = digestOf(bytes)
  }
  if (recipe.platforms) {
    const index = JSON.stringify({ schemaVersion: 2, mediaType: types.index, manifests })
    await writeFile(join(dir, 'manifest.json'), index)
    image.digest = digestOf(index)
  }
  return image
}

const makeManifest = async (dir: string, recipe: Recipe, platform: string) => {
  const types = typesOf(recipe)
  const layers = []
  const ids = []
  for (const fill of [...recipe.layers, textFile('etc/platform', `${platform}\n`)]) {
    const { diffId, ...layer } = await makeLayer(dir, fill, recipe)
    layers.push(layer)
    ids.push(diffId)
  }
  const [os, architecture] = platform.split('/')
  const config = JSON.stringify({
    os,
    architecture,
    created: '2026-01-01T00:00:00Z',
    config: { Cmd: recipe.command ?? ['/bin/sh'], Env: ['PATH=/bin'], ...recipe.config },
    rootfs: { type: 'layers', diff_ids: ids },
    history: ids.map(() => ({ created: '2026-01-01T00:00:00Z', created_by: 'laboratory' })),
  })
  await writeFile(join(dir, hex(digestOf(config))), config)
  const described = { mediaType: types.config, size: config.length, digest: digestOf(config) }
  const manifest = { schemaVersion: 2, mediaType: types.manifest, config: described, layers }
  const size = config.length + layers.reduce((sum, layer) => sum + layer.size, 0)
  return { bytes: JSON.stringify(manifest, null, 2), id: digestOf(config), size }
}

const makeLayer = async (dir: string, fill: Fill, recipe: Recipe) => {
  const stage = await mkdtemp(join(dir, 'layer-'))
  const root = join(stage, 'root')
  await mkdir(root)
  await fill(root)
  const tar = join(stage, 'layer.tar')
  const owner = recipe.owner ?? 0
  const same = ['--sort=name', '--mtime=@0', '--numeric-owner', `--owner=${owner}`, `--group=${owner}`]
  await execa('tar', [...same, '-C', root, '-cf', tar, '.'])
  await pipeline(
    createReadStream(tar),
    recipe.zstd ? createZstdCompress() : createGzip({ level: recipe.level ?? 6 }),
    createWriteStream(`${tar}.compressed`),
  )
  const [diffId, digest] = await Promise.all([digestOfFile(tar), digestOfFile(`${tar}.compressed`)])
  const { size } = await stat(`${tar}.compressed`)
  await rename(`${tar}.compressed`, join(dir, hex(digest)))
  await rm(stage, { recursive: true })
  return { mediaType: typesOf(recipe).layer, size, digest, diffId }
}

const digestOfFile = async (path: string): Promise<string> => {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  return `sha256:${hash.digest('hex')}`
}

const digestOf = (bytes: string) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`
const hex = (digest: string) => digest.slice('sha256:'.length)
