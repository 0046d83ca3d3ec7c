import { PipeError } from '../errors.ts'
import { parseDigest } from '../image/digest.ts'
import { openCarried } from './carried.ts'
import { inflate } from './inflate.ts'
import {
  blobName,
  blobPath,
  type Entry,
  entryOf,
  indexText,
  LAYOUT_TEXT,
  type StoredImage,
} from './layout.ts'
import { tarEnd, tarHeader, tarPadding } from './tar.ts'
import type { Blob } from './verify.ts'

/** An image with the blobs that make it up. */
export interface WholeImage extends StoredImage {
  config: Blob
  layers: readonly Blob[]
  /** The names that the engine gives it. */
  tags: readonly string[]
}

/**
 * The layers that go into an archive inflated, by digest, with their inflated sizes in bytes. The classic image store
 * inflates layers more slowly than this pipe does, and before version 23 it cannot read Zstandard. Containerd's store
 * takes all layers as they are.
 */
export type Inflated = ReadonlyMap<string, number>

const CHUNK = 256 * 1024

/**
 * Makes the tar archive that `docker load` takes, with each blob once. If no layer is inflated, it is an OCI layout too,
 * for engines that read one (containerd's image store, where the id of an image is then the digest of its manifest).
 * What the engine reads first comes last, so that an archive that ends early loads nothing.
 *
 * @throws {SizeError} where a layer does not inflate to its size
 */
export async function* archive(
  folder: string,
  images: readonly WholeImage[],
  inflated: Inflated = new Map(),
): AsyncGenerator<Buffer> {
  for (const blob of byDigest(images.flatMap(blobsOf)).values()) {
    const size = inflated.get(blob.digest)
    if (size === undefined) yield* file(blobName(blob.digest), blob.size, read(folder, blob))
    else yield* file(inflatedName(blob), size, inflate(folder, blob, size))
  }
  if (inflated.size === 0) {
    yield* text('oci-layout', LAYOUT_TEXT)
    yield* text('index.json', indexText(images.flatMap(entriesOf)))
  }
  yield* text('manifest.json', dockerManifest(images, inflated))
  yield tarEnd()
}

const byDigest = (blobs: readonly Blob[]) => new Map(blobs.map((blob) => [blob.digest, blob]))

/** Every blob of an image, its manifest included. */
export const blobsOf = ({ manifest, config, layers }: WholeImage): Blob[] => [manifest, config, ...layers]

/** The text of docker's own `manifest.json`. */
export const dockerManifest = (images: readonly WholeImage[], inflated: Inflated = new Map()): string =>
  `${JSON.stringify(
    images.map(({ config, layers, tags }) => ({
      Config: blobName(config.digest),
      RepoTags: tags,
      Layers: layers.map((layer) =>
        inflated.has(layer.digest) ? inflatedName(layer) : blobName(layer.digest),
      ),
    })),
  )}\n`

const inflatedName = ({ digest }: Blob) => `${parseDigest(digest).encoded}.tar`

const entriesOf = (image: WholeImage): Entry[] =>
  image.tags.map((tag) => entryOf({ ...image, reference: tag }))

async function* file(name: string, size: number, bytes: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  yield tarHeader(name, size)
  yield* bytes
  yield tarPadding(size)
}

async function* read(folder: string, { digest, size }: Blob): AsyncGenerator<Buffer> {
  const file = await openCarried(blobPath(folder, digest))
  try {
    for (let position = 0; position < size; ) {
      const buffer = Buffer.allocUnsafe(Math.min(CHUNK, size - position))
      const { bytesRead } = (await file?.read(buffer, 0, buffer.length, position)) ?? { bytesRead: 0 }
      if (bytesRead === 0) throw new PipeError('PKG-INTEGRITY', `The blob ${digest} became shorter.`)
      position += bytesRead
      yield buffer.subarray(0, bytesRead)
    }
  } finally {
    await file?.close()
  }
}

function* text(name: string, content: string): Generator<Buffer> {
  const bytes = Buffer.from(content)
  yield tarHeader(name, bytes.length)
  yield bytes
  yield tarPadding(bytes.length)
}
