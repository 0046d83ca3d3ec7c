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
  /** Undefined where the folder can be read, but not written: it was made by another user, and came as an artifact. */
  claim: Claim | undefined
  /**
   * The image that the store has under a name, for a platform. Throws PKG-INTEGRITY where its manifest is absent or
   * damaged, PKG-MANIFEST or PKG-SCHEMA1 where it is none of an image that can be loaded.
   */
  find(reference: string, platform: () => Promise<Platform>): Promise<WholeImage | undefined>
  /** How large the folder will be with these images, in bytes. */
  predict(images: readonly WholeImage[]): Promise<number>
  /**
   * Puts images into `index.json` and `manifest.json` under their names, and removes what no image needs any more.
   * Returns what is listed and cannot be read: as long as it is there, nobody knows what is needed, and no blob goes.
   */
  keep(images: readonly StoredImage[]): Promise<readonly string[]>
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

// Another step's pipe is another user, and what came as an artifact may be for its owner alone to write.
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

// A tag may stand for an image of each platform; one that is in no index is of every platform.
const replaces = (image: StoredImage, entry: Entry): boolean => {
  const old = imageOf(entry)
  if (old?.reference !== image.reference) return false
  if ([old, image].some(({ digest, manifest }) => digest === manifest.digest)) return true
  return platformText(old) === platformText(image)
}

const platformText = ({ platform }: StoredImage) => (platform === undefined ? '' : formatPlatform(platform))
