import { access, constants } from 'node:fs/promises'
import { join } from 'node:path'
import { choosePlatform } from '../image/match.ts'
import { formatPlatform, type Platform } from '../image/platform.ts'
import { blobsOf, type WholeImage } from './archive.ts'
import { neededBlobs, wholeImage, writeIndex } from './contents.ts'
import { diskError } from './disk.ts'
import { clean } from './housekeeping.ts'
import { type Entry, entryOf, imageOf, makeFolder, readEntries, type StoredImage } from './layout.ts'
import { type Claim, living, openClaim, withLock } from './lock.ts'

/** A folder of images, while a pipe works with it. */
export interface Store {
  folder: string
  /** Undefined where the folder can be read, but not written: it was made by another user, and came as an artifact. */
  claim: Claim | undefined
  /** The image that the store has under a name, for a platform; undefined where it has none that can be read. */
  find(reference: string, platform: () => Promise<Platform>): Promise<WholeImage | undefined>
  /** How large the folder will be with these images, in bytes. */
  predict(images: readonly WholeImage[]): Promise<number>
  /** Puts images into `index.json` and `manifest.json` under their names, and removes what no image needs any more. */
  keep(images: readonly StoredImage[]): Promise<void>
  close(): Promise<void>
}

/**
 * Opens the folder of STORE, making it where it is absent.
 *
 * @throws {PipeError} PKG-STORE where it can be neither made nor read
 */
export const openStore = async (folder: string): Promise<Store> => {
  await makeFolder(join(folder, 'blobs/sha256')).catch(() => {})
  await access(folder, constants.R_OK | constants.X_OK).catch((error) => {
    throw diskError(error, folder)
  })
  const claim = (await isWritable(folder)) ? await openClaim(folder) : undefined
  return {
    folder,
    claim,
    find: (reference, platform) => find(folder, reference, platform),
    predict: (images) => predict(folder, images),
    keep: (images) => withLock(folder, () => keep(folder, claim, images)),
    async close() {
      await claim?.release()
    },
  }
}

const isWritable = async (folder: string): Promise<boolean> => {
  try {
    for (const path of ['', 'blobs', 'blobs/sha256'])
      await access(join(folder, path), constants.W_OK | constants.X_OK)
    return true
  } catch {
    return false
  }
}

const find = async (
  folder: string,
  reference: string,
  platform: () => Promise<Platform>,
): Promise<WholeImage | undefined> => {
  const named = (await readEntries(folder)).flatMap((entry) => imageOf(entry) ?? [])
  const images = named.filter((image) => image.reference === reference)
  // An image that is in no index is what every engine gets of that name.
  const only = images.find(({ digest, manifest }) => digest === manifest.digest)
  const chosen = images.length === 0 ? undefined : (only ?? choosePlatform(images, await platform()))
  return chosen && wholeImage(folder, chosen)
}

const predict = async (folder: string, images: readonly WholeImage[]): Promise<number> => {
  const others = await neededBlobs(folder, await entriesBeside(folder, images))
  const blobs = images.flatMap(blobsOf).map(({ digest, size }): [string, number] => [digest, size])
  return [...new Map([...others, ...blobs]).values()].reduce((sum, size) => sum + size, 0)
}

const entriesBeside = async (folder: string, images: readonly StoredImage[]): Promise<Entry[]> =>
  (await readEntries(folder)).filter((entry) => !images.some((image) => replaces(image, entry)))

const keep = async (
  folder: string,
  claim: Claim | undefined,
  images: readonly StoredImage[],
): Promise<void> => {
  const entries = [...(await entriesBeside(folder, images)), ...images.map(entryOf)]
  await writeIndex(folder, entries)
  await clean(folder, await neededBlobs(folder, entries), await living(folder, claim?.id))
}

// A tag may stand for an image of each platform; one that is in no index is of every platform.
const replaces = (image: StoredImage, entry: Entry): boolean => {
  const old = imageOf(entry)
  if (old?.reference !== image.reference) return false
  if ([old, image].some(({ digest, manifest }) => digest === manifest.digest)) return true
  return platformText(old) === platformText(image)
}

const platformText = ({ platform }: StoredImage) => (platform === undefined ? '' : formatPlatform(platform))
