import { lstat } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod/mini'
import { PipeError } from '../errors.ts'
import { DigestError, digestOf, parseDigest } from '../image/digest.ts'
import type { Platform } from '../image/platform.ts'
import { parseJson } from '../json.ts'
import { type ImageManifest, type Manifest, manifestLimit, parseManifest } from '../registry/manifest.ts'
import { blobsOf, dockerManifest, type WholeImage } from './archive.ts'
import { readCarried } from './carried.ts'
import {
  blobPath,
  type Entry,
  imageOf,
  indexText,
  LAYOUT_TEXT,
  type StoredImage,
  writeWhole,
} from './layout.ts'
import { type Blob, blobState, sizeState } from './verify.ts'

/**
 * An image of a store under the digest that its tag meant. That is an index's only where the store has that index
 * and it leads to the image: what a store says of itself proves nothing.
 */
export const proven = async (folder: string, image: StoredImage): Promise<StoredImage> => {
  const { digest, manifest } = image
  if (digest === manifest.digest) return image
  const size = (await lstat(blobPath(folder, digest)).catch(() => undefined))?.size ?? 0
  const index = await manifestOf(folder, { digest, size })
  const leads = index?.kind === 'index' && index.manifests.some((each) => each.digest === manifest.digest)
  return leads ? image : { ...image, digest: manifest.digest }
}

/** An image of a store with its blobs; undefined where its manifest cannot be used. */
export const wholeImage = async (folder: string, image: StoredImage): Promise<WholeImage | undefined> => {
  const manifest = await manifestOf(folder, image.manifest)
  if (manifest?.kind !== 'image') return undefined
  const { config, layers } = manifest
  return { ...image, config, layers, tags: [tagOf(image.reference)] }
}

/**
 * The name that an engine gives to an image of a store. Engines keep the digest only of what they pulled
 * themselves, so an image that was asked for by digest alone gets a tag that holds it.
 */
const tagOf = (reference: string): string => reference.replace(/@([a-z0-9]+):([a-f0-9]+)$/, ':$1-$2')

/** What an image runs on is for its configuration to say: an index may say less, and not every image is in one. */
export const configuredPlatform = async (
  folder: string,
  { config }: WholeImage,
): Promise<Platform | undefined> => {
  const bytes = await readCarried(blobPath(folder, config.digest), LARGEST_CONFIG)
  return wireConfig.safeParse(bytes && parseJson(bytes)).data
}

const LARGEST_CONFIG = 16 * 1024 * 1024
const wireConfig = z.object({ os: z.string(), architecture: z.string(), variant: z.optional(z.string()) })

/**
 * The ids that engines give to an image: containerd's store the digest of its manifest, the classic one the SHA-256 of
 * its configuration, whatever the manifest names that by.
 */
export const engineIds = async (folder: string, { config, manifest }: WholeImage): Promise<string[]> => {
  if (config.digest.startsWith('sha256:')) return [config.digest, manifest.digest]
  const bytes = await readCarried(blobPath(folder, config.digest), LARGEST_CONFIG)
  return [...(bytes ? [digestOf(bytes)] : []), manifest.digest]
}

/** Writes `index.json`, and what else makes a folder an OCI layout that docker loads too. */
export const writeIndex = async (folder: string, entries: readonly Entry[]): Promise<void> => {
  const sorted = [...entries].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))
  await writeChanged(join(folder, 'oci-layout'), LAYOUT_TEXT)
  await writeChanged(join(folder, 'index.json'), indexText(sorted))
  await writeChanged(join(folder, 'manifest.json'), dockerManifest(await loadable(folder, sorted)))
}

/** All that the entries of a store need: sizes in bytes by digest. */
export const neededBlobs = async (
  folder: string,
  entries: readonly Entry[],
): Promise<Map<string, number>> => {
  const needed = new Map<string, number>()
  // The index that a tag meant is small, and proves the digest.
  for (const entry of entries) needed.set(imageOf(entry)?.digest ?? entry.digest, 0)
  // An index of images, as other tools may put it here, leads to more.
  for (let open: Array<Blob & { mediaType: string }> = [...entries]; open.length > 0; ) {
    const manifests = await Promise.all(open.map((entry) => manifestOf(folder, entry)))
    for (const { digest, size } of open) needed.set(digest, size)
    open = []
    for (const manifest of manifests) {
      if (manifest?.kind === 'index')
        open.push(...manifest.manifests.filter(({ digest }) => !needed.has(digest)))
      else for (const { digest, size } of manifest ? blobsIn(manifest) : []) needed.set(digest, size)
    }
  }
  return needed
}

const blobsIn = ({ config, layers }: ImageManifest) => [config, ...layers]

const manifestOf = async (
  folder: string,
  blob: Blob & { mediaType?: string },
): Promise<Manifest | undefined> => {
  if (blob.size > manifestLimit || (await blobState(folder, blob)) !== 'whole') return undefined
  const bytes = await readCarried(blobPath(folder, blob.digest), manifestLimit)
  if (bytes === undefined) return undefined
  try {
    const manifest = parseManifest(bytes, blob.mediaType ?? '', blob.digest)
    for (const { digest } of manifest.kind === 'index' ? manifest.manifests : blobsIn(manifest))
      parseDigest(digest)
    return manifest
  } catch (error) {
    if (error instanceof PipeError || error instanceof DigestError) return undefined
    throw error
  }
}

// Docker loads all that `manifest.json` names or nothing, so only what is whole; one entry an image, with all
// its names.
const loadable = async (folder: string, entries: readonly Entry[]): Promise<WholeImage[]> => {
  const images = new Map<string, WholeImage>()
  for (const entry of entries) {
    const stored = imageOf(entry)
    const image = stored && (await wholeImage(folder, stored))
    if (image === undefined) continue
    const states = await Promise.all(blobsOf(image).map((blob) => sizeState(folder, blob)))
    if (states.some((state) => state !== 'whole')) continue
    const known = images.get(image.manifest.digest)
    images.set(image.manifest.digest, { ...image, tags: [...(known?.tags ?? []), ...image.tags] })
  }
  return [...images.values()]
}

const keyOf = (entry: Entry): string => `${imageOf(entry)?.reference} ${entry.digest}`

// A file that says the same stays as it is: a folder that did not change need not be packed again.
const writeChanged = async (path: string, text: string): Promise<void> => {
  const before = await readCarried(path, text.length * 4).catch(() => undefined)
  if (before?.toString() !== text) await writeWhole(path, text)
}
