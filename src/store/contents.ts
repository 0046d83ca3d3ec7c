import { lstat } from 'node:fs/promises'
import { join } from 'node:path'
import { digestOf } from '../image/digest.ts'
import { type Configuration, readConfiguration } from '../registry/configuration.ts'
import type { ImageManifest } from '../registry/manifest.ts'
import { blobsOf, dockerManifest, type WholeImage } from './archive.ts'
import { readCarried } from './carried.ts'
import { storedDocument } from './document.ts'
import {
  blobPath,
  type Entry,
  entriesIn,
  imageOf,
  indexText,
  LAYOUT_TEXT,
  readIndex,
  type StoredImage,
  writeWhole,
} from './layout.ts'
import { type Blob, sizeState } from './verify.ts'

/** An image with the blobs that its manifest names. */
export const withBlobs = (image: StoredImage, { config, layers }: ImageManifest): WholeImage => ({
  ...image,
  config,
  layers,
  tags: [tagOf(image.reference)],
})

/**
 * The name that an engine gives to an image of a store. Engines keep the digest only of what they pulled
 * themselves, so an image that was asked for by digest alone gets a tag that holds it.
 */
const tagOf = (reference: string): string => reference.replace(/@([a-z0-9]+):([a-f0-9]+)$/, ':$1-$2')

/** The same image with the real sizes of its blobs; the ones in a manifest may be wrong. */
export const measured = async (folder: string, image: WholeImage): Promise<WholeImage> => {
  const measure = async <T extends Blob>(blob: T): Promise<T> => {
    const { size } = await lstat(blobPath(folder, blob.digest))
    return { ...blob, size }
  }
  return {
    ...image,
    manifest: await measure(image.manifest),
    config: await measure(image.config),
    layers: await Promise.all(image.layers.map(measure)),
  }
}

/** The configuration of an image; undefined if it is larger than any that is read. */
export const configurationOf = async (
  folder: string,
  { config }: WholeImage,
): Promise<Configuration | undefined> => {
  const bytes = await readCarried(blobPath(folder, config.digest), LARGEST_CONFIG)
  return bytes && readConfiguration(bytes)
}

const LARGEST_CONFIG = 16 * 1024 * 1024

/**
 * The ids that engines give to an image: the classic store the SHA-256 of its configuration, by whatever digest the
 * manifest names that; containerd's store the digest of its manifest.
 */
export const engineIds = async (folder: string, { config, manifest }: WholeImage): Promise<string[]> => {
  if (config.digest.startsWith('sha256:')) return [config.digest, manifest.digest]
  const bytes = await readCarried(blobPath(folder, config.digest), LARGEST_CONFIG)
  return [...(bytes ? [digestOf(bytes)] : []), manifest.digest]
}

/**
 * Writes `index.json` and the files that make the folder an OCI layout which `docker load` takes too.
 *
 * @param entriesFor gives the entries to list, from those that are listed; asked again where another pipe listed its own
 *   meanwhile
 */
export const writeIndex = async (
  folder: string,
  entriesFor: (listed: readonly Entry[]) => readonly Entry[],
): Promise<readonly Entry[]> => {
  await writeChanged(join(folder, 'oci-layout'), LAYOUT_TEXT)
  for (let attempt = 1; ; attempt++) {
    const before = await readIndex(folder)
    const entries = [...entriesFor(entriesIn(before))].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))
    const text = indexText(entries)
    const isStill = async () => attempt === MOST_ATTEMPTS || (await readIndex(folder)) === before
    if (before !== text && !(await writeWhole(join(folder, 'index.json'), text, isStill))) continue
    await writeChanged(join(folder, 'manifest.json'), dockerManifest(await loadable(folder, entries)))
    return entries
  }
}

// Each is lost to a pipe that was faster.
const MOST_ATTEMPTS = 100

// Docker loads either everything that `manifest.json` names or nothing, so only whole images are in it: each once, with
// all its names.
const loadable = async (folder: string, entries: readonly Entry[]): Promise<WholeImage[]> => {
  const images = new Map<string, WholeImage>()
  for (const entry of entries) {
    const stored = imageOf(entry)
    const document = stored && (await storedDocument(folder, stored.manifest.digest))
    if (document?.kind !== 'image' || stored === undefined) continue
    const image = withBlobs(stored, document)
    const states = await Promise.all(blobsOf(image).map((blob) => sizeState(folder, blob)))
    if (states.some((state) => state !== 'whole')) continue
    const known = images.get(image.manifest.digest)
    images.set(image.manifest.digest, { ...image, tags: [...(known?.tags ?? []), ...image.tags] })
  }
  return [...images.values()]
}

const keyOf = (entry: Entry): string => `${imageOf(entry)?.reference} ${entry.digest}`

// A file with the same text is left alone, so that an unchanged folder is not packed again as a cache.
const writeChanged = async (path: string, text: string): Promise<void> => {
  const before = await readCarried(path, text.length * 4).catch(() => undefined)
  if (before?.toString() !== text) await writeWhole(path, text)
}
