import { access, constants } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { formatPlatform, type Platform } from '../image/platform.ts'
import { blobsOf, type WholeImage } from './archive.ts'
import { writeIndex } from './contents.ts'
import { diskError } from './disk.ts'
import { findImage } from './find.ts'
import { removeUnneeded } from './housekeeping.ts'
import { type Entry, entryOf, imageOf, makeFolder, readEntries, type StoredImage } from './layout.ts'
import { type Claim, living, openClaim, withLock } from './lock.ts'
import { neededBlobs } from './needed.ts'

/** A folder of images, while a pipe works with it. */
export interface Store {
  folder: string
  /** The folder as the log names it. */
  shown: string
  /** Undefined if this step may only read the folder, as when it came as an artifact of another user. */
  claim: Claim | undefined
  /**
   * Finds the image that the store has under a name for a platform. Throws PKG-INTEGRITY if its manifest is absent or
   * damaged, PKG-MANIFEST or PKG-SCHEMA1 if it is not that of an image that can be loaded.
   */
  find(reference: string, platform: () => Promise<Platform>): Promise<WholeImage | undefined>
  /** How large the folder will be with these images, in bytes. */
  predict(images: readonly WholeImage[]): Promise<number>
  /**
   * Puts images into `index.json` and `manifest.json` under their names, and removes the blobs that no image needs any
   * more. Returns the listed digests that cannot be read; as long as there are any, no blob is removed.
   */
  keep(images: readonly StoredImage[]): Promise<readonly string[]>
  close(): Promise<void>
}

/**
 * Opens the folder of STORE, and makes it if it is absent.
 *
 * @throws {PipeError} PKG-STORE if it can be neither made nor read
 */
export const openStore = async (folder: string): Promise<Store> => {
  await makeFolder(join(folder, 'blobs/sha256')).catch(() => {})
  await access(folder, constants.R_OK | constants.X_OK).catch((error) => {
    throw diskError(error, folder)
  })
  const shown = relative('', folder)
  const claim = await claimIfWritable(folder)
  return {
    folder,
    shown,
    claim,
    find: (reference, platform) => findImage({ folder, shown }, { reference, platform }),
    predict: (images) => predict(folder, images),
    keep: async (images) => {
      try {
        return await withLock(folder, () => keep(folder, claim, images))
      } catch (error) {
        throw diskError(error, folder)
      }
    },
    async close() {
      await claim?.release()
    },
  }
}

// The pipe of another step is another user, and only the owner may write the files of an artifact.
const claimIfWritable = async (folder: string): Promise<Claim | undefined> => {
  try {
    await access(join(folder, 'blobs/sha256'), constants.W_OK | constants.X_OK)
    return await openClaim(folder)
  } catch (error) {
    if (['EACCES', 'EPERM', 'EROFS', 'ENOENT'].includes(String((error as NodeJS.ErrnoException).code)))
      return undefined
    throw diskError(error, folder)
  }
}

const predict = async (folder: string, images: readonly WholeImage[]): Promise<number> => {
  const others = await neededBlobs(folder, await entriesBeside(folder, images))
  const blobs = images.flatMap(blobsOf).map(({ digest, size }): [string, number] => [digest, size])
  return [...new Map([...others.sizes, ...blobs]).values()].reduce((sum, size) => sum + size, 0)
}

const entriesBeside = async (folder: string, images: readonly StoredImage[]): Promise<Entry[]> =>
  (await readEntries(folder)).filter((entry) => !images.some((image) => replaces(image, entry)))

const keep = async (
  folder: string,
  claim: Claim | undefined,
  images: readonly StoredImage[],
): Promise<readonly string[]> => {
  const entries = [...(await entriesBeside(folder, images)), ...images.map(entryOf)]
  await writeIndex(folder, entries)
  const needed = await neededBlobs(folder, entries)
  await removeUnneeded(folder, needed, await living(folder, claim?.id))
  return needed.unread
}

// A tag may stand for one image of each platform, or for a single image that is in no index.
const replaces = (image: StoredImage, entry: Entry): boolean => {
  const old = imageOf(entry)
  if (old?.reference !== image.reference) return false
  if ([old, image].some(({ digest, manifest }) => digest === manifest.digest)) return true
  return platformText(old) === platformText(image)
}

const platformText = ({ platform }: StoredImage) => (platform === undefined ? '' : formatPlatform(platform))
