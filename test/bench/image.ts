import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, rename, stat, writeFile } from 'node:fs/promises'
import { arch } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { execa } from 'execa'
import { cached } from '../lab/cache.ts'

// Sizes of the layers before compression, in megabytes: a large one at the bottom, as images have, and one of
// about five compressed megabytes at the top. All in all 1.16 GB, 488 MB compressed, give or take.
const LAYERS = [580, 290, 180, 140, 80, 30]
const TOP = 5_000_000

const media = 'application/vnd.oci.image'

/**
 * An OCI layout with an image of the size of a usual build image, as `v1`, and the same with another top layer,
 * as `v2`. Its content is programs and libraries of this machine, so that it compresses as images do. Made once.
 */
export const benchImage = (): Promise<string> =>
  cached('bench-image', async (temporary) => {
    console.log('bench: making an image of 1.16 GB (once, a minute)')
    const layout = join(temporary, 'layout')
    await mkdir(join(layout, 'blobs/sha256'), { recursive: true })
    const lists = await splitFiles()
    const layers = await inPairs(lists, (files) => layerOf(layout, temporary, files))
    const tops = [await topLayer(layout, temporary, 1), await topLayer(layout, temporary, 2)]
    const manifests = []
    for (const [index, top] of tops.entries()) {
      manifests.push(await manifestOf(layout, [...layers, top], `v${index + 1}`))
    }
    await writeFile(join(layout, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}')
    await writeFile(join(layout, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests }))
    return layout
  })

interface Layer {
  mediaType: string
  digest: string
  size: number
  diffId: string
}

const splitFiles = async (): Promise<string[]> => {
  const { stdout } = await execa(
    'find',
    ['/usr/lib', '/usr/bin', '/usr/share', '-xdev', '-type', 'f', '-size', '-64M', '-printf', '%s %p\\n'],
    { maxBuffer: 1e9 },
  )
  const files = stdout
    .split('\n')
    .sort((a, b) => (a.split(' ')[1] ?? '').localeCompare(b.split(' ')[1] ?? ''))
  const lists: string[] = []
  let next = 0
  for (const megabytes of LAYERS) {
    const list: string[] = []
    for (let size = 0; size < megabytes * 1e6 && next < files.length; next++) {
      const [bytes, path = ''] = (files[next] ?? '').split(' ')
      list.push(path)
      size += Number(bytes)
    }
    lists.push(list.join('\n'))
  }
  return lists
}

const layerOf = async (layout: string, temporary: string, files: string): Promise<Layer> => {
  const tar = execa('tar', [...TAR, '--no-recursion', '--verbatim-files-from', '-T', '-', '-cf', '-'], {
    input: files,
    encoding: 'buffer',
    buffer: false,
    stderr: 'ignore',
  })
  return keep(layout, temporary, tar.stdout, 6)
}

// A layer that no compression makes smaller, and another one each time.
const topLayer = async (layout: string, temporary: string, seed: number): Promise<Layer> => {
  const folder = join(temporary, `top-${seed}`)
  await mkdir(folder)
  const parts: Buffer[] = []
  for (let i = 0; i < TOP / 64; i++) parts.push(createHash('sha512').update(`${seed} ${i}`).digest())
  await writeFile(join(folder, 'app'), Buffer.concat(parts))
  const tar = execa('tar', [...TAR, '-C', folder, '-cf', '-', '.'], { encoding: 'buffer', buffer: false })
  return keep(layout, temporary, tar.stdout, 1)
}

const TAR = ['--sort=name', '--mtime=@0', '--numeric-owner', '--owner=0', '--group=0']

const keep = async (layout: string, temporary: string, tar: NodeJS.ReadableStream, level: number) => {
  const diff = createHash('sha256')
  const plain = new PassThrough()
  plain.on('data', (chunk: Buffer) => diff.update(chunk))
  const path = join(temporary, `layer-${Math.random()}`)
  await pipeline(tar, plain, createGzip({ level }), createWriteStream(path))
  const whole = createHash('sha256')
  await pipeline(createReadStream(path), whole)
  const hex = whole.digest('hex')
  await rename(path, join(layout, 'blobs/sha256', hex))
  const { size } = await stat(join(layout, 'blobs/sha256', hex))
  return {
    mediaType: `${media}.layer.v1.tar+gzip`,
    digest: `sha256:${hex}`,
    size,
    diffId: `sha256:${diff.digest('hex')}`,
  }
}

const manifestOf = async (layout: string, layers: Layer[], name: string) => {
  const config = await blob(layout, {
    os: 'linux',
    architecture: arch() === 'x64' ? 'amd64' : arch(),
    config: { Cmd: ['/app'] },
    rootfs: { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) },
    history: layers.map(() => ({ created_by: 'bench' })),
  })
  const manifest = await blob(layout, {
    schemaVersion: 2,
    mediaType: `${media}.manifest.v1+json`,
    config: { mediaType: `${media}.config.v1+json`, ...config },
    layers: layers.map(({ diffId: _, ...layer }) => layer),
  })
  const annotations = { 'org.opencontainers.image.ref.name': name }
  return { mediaType: `${media}.manifest.v1+json`, ...manifest, annotations }
}

const blob = async (layout: string, value: object) => {
  const bytes = JSON.stringify(value)
  const hex = createHash('sha256').update(bytes).digest('hex')
  await writeFile(join(layout, 'blobs/sha256', hex), bytes)
  return { digest: `sha256:${hex}`, size: bytes.length }
}

const inPairs = async <A, B>(items: readonly A[], map: (item: A) => Promise<B>): Promise<B[]> => {
  const results: B[] = []
  const queue = items.entries()
  const worker = async () => {
    for (const [index, item] of queue) results[index] = await map(item)
  }
  await Promise.all([worker(), worker()])
  return results
}
