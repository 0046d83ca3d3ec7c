import { open } from 'node:fs/promises'
import { PipeError } from '../errors.ts'
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

const CHUNK = 256 * 1024

/**
 * A tar archive of some images of a store, as `docker load` takes it: each blob once, an OCI layout for the
 * engines that read it (the containerd image store, whose image id is then the manifest's digest), and a
 * `manifest.json` for those that do not. What the engine reads first comes last, so that an archive that ends
 * early loads nothing.
 */
export async function* archive(folder: string, images: readonly WholeImage[]): AsyncGenerator<Buffer> {
  const blobs = new Map(images.flatMap(blobsOf).map((blob) => [blob.digest, blob]))
  for (const blob of blobs.values()) yield* file(folder, blob)
  yield* text('oci-layout', LAYOUT_TEXT)
  yield* text('index.json', indexText(images.flatMap(entriesOf)))
  yield* text('manifest.json', dockerManifest(images))
  yield tarEnd()
}

/** Every blob of an image, its manifest included. */
export const blobsOf = ({ manifest, config, layers }: WholeImage): Blob[] => [manifest, config, ...layers]

/** The text of docker's own `manifest.json`, which names the files of each image. */
export const dockerManifest = (images: readonly WholeImage[]): string =>
  `${JSON.stringify(
    images.map(({ config, layers, tags }) => ({
      Config: blobName(config.digest),
      RepoTags: tags,
      Layers: layers.map(({ digest }) => blobName(digest)),
    })),
  )}\n`

const entriesOf = (image: WholeImage): Entry[] =>
  image.tags.map((tag) => entryOf({ ...image, reference: tag }))

async function* file(folder: string, { digest, size }: Blob): AsyncGenerator<Buffer> {
  yield tarHeader(blobName(digest), size)
  const handle = await open(blobPath(folder, digest))
  try {
    for (let position = 0; position < size; ) {
      const buffer = Buffer.allocUnsafe(Math.min(CHUNK, size - position))
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, position)
      if (bytesRead === 0) throw new PipeError('PKG-INTEGRITY', `The blob ${digest} became shorter.`)
      position += bytesRead
      yield buffer.subarray(0, bytesRead)
    }
  } finally {
    await handle.close()
  }
  yield tarPadding(size)
}

function* text(name: string, content: string): Generator<Buffer> {
  const bytes = Buffer.from(content)
  yield tarHeader(name, bytes.length)
  yield bytes
  yield tarPadding(bytes.length)
}
