import { randomBytes } from 'node:crypto'
import { access, constants, lstat, open, rename, rm } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { PipeError } from '../errors.ts'
import { errnoOf, fileError } from '../file-error.ts'
import { formatPlatform, type Platform } from '../image/platform.ts'
import { blobsOf, type WholeImage } from './archive.ts'
import { writeIndex } from './contents.ts'
import { diskError } from './disk.ts'
import { findImage } from './find.ts'
import { removeUnneeded } from './housekeeping.ts'
import {
  type Entry,
  entryOf,
  imageOf,
  makeFolder,
  readEntries,
  type StoredImage,
  temporaryName,
} from './layout.ts'
import { neededBlobs } from './needed.ts'
import { survey } from './survey.ts'

/** A folder of images, while a pipe works with it. */
export interface Store {
  folder: string
  /** The folder as the log names it. */
  shown: string
  /** False if this step may only read the folder, as when it came as an artifact of another user, or is to. */
  writable: boolean
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
  /** Makes sure that what was kept is listed: another pipe may have written its own list at the same moment. */
  close(): Promise<void>
}

interface Opening {
  /** Whether nothing is to be written, not even the folder made. */
  readOnly: boolean
  /** Told where a store was moved that has more in it than a store has. */
  onAside: (text: string) => void
}

/**
 * Opens the folder of STORE. It may have been carried here by an artifact or a cache that others can write: it is looked
 * at once, and what is no store is never written to, nor is anything in it followed or removed. A store into which
 * something else was put is moved aside, and made anew in its place.
 *
 * @throws {PipeError} PKG-STORE if it can be neither made nor read, or if it is not a store
 */
export const openStore = async (folder: string, { readOnly, onAside }: Opening): Promise<Store> => {
  const shown = relative('', folder)
  await refuseOther(folder, shown)
  const { foreign, isLayout } = await survey(folder).catch((error) => {
    throw diskError(error, folder)
  })
  if (foreign !== undefined) {
    if (readOnly || !isLayout) throw notAStore(shown, foreign, isLayout)
    const aside = `${folder}.${randomBytes(6).toString('hex')}.aside`
    await rename(folder, aside).catch((error) => {
      throw fileError(error, 'PKG-STORE', `${shown} could not be moved aside.`)
    })
    onAside(
      `${join(shown, foreign.path)} ${foreign.why}: ${shown} was moved to ${relative('', aside)}, and is made anew`,
    )
  }
  if (!readOnly) await makeFolder(join(folder, 'blobs/sha256')).catch(() => {})
  await access(folder, constants.R_OK | constants.X_OK).catch((error) => {
    // Nothing is there, and nothing is to be made.
    if (!(readOnly && error.code === 'ENOENT')) throw diskError(error, folder)
  })
  const kept: StoredImage[] = []
  let since = 0
  return {
    folder,
    shown,
    writable: !readOnly && (await isWritable(folder)),
    find: (reference, platform) => findImage({ folder, shown }, { reference, platform }),
    predict: (images) => predict(folder, images),
    keep: async (images) => {
      kept.push(...images)
      since = performance.now()
      try {
        return await keep(folder, images)
      } catch (error) {
        throw diskError(error, folder)
      }
    },
    async close() {
      await confirm(folder, kept, since).catch(() => {})
    },
  }
}

// A link in the place of the folder leads out of what the pipeline carries.
const refuseOther = async (folder: string, shown: string): Promise<void> => {
  const found = await lstat(folder).catch((error) => {
    if (['ENOENT', 'EACCES'].includes(error.code)) return undefined
    throw fileError(error, 'PKG-STORE', `${shown} cannot be used.`)
  })
  if (found === undefined || found.isDirectory()) return
  throw new PipeError('PKG-STORE', `${shown} is ${found.isSymbolicLink() ? 'a link' : 'not a folder'}.`)
}

const notAStore = (shown: string, foreign: { path: string; why: string }, isLayout: boolean) =>
  new PipeError(
    'PKG-STORE',
    `${shown} is no store of this pipe: ${join(shown, foreign.path)} ${foreign.why}.`,
    {
      why: isLayout
        ? 'Something was put into it that no store has, by whoever can write the artifact or the cache; none of it is used.'
        : 'The pipe fills only a folder that is empty or that it filled before, so that nothing of yours is overwritten.',
      hint: isLayout
        ? 'Remove the cache, or run the step again that made the artifact, and find out who wrote to it.'
        : 'Name another folder in STORE, such as .images.',
    },
  )

// The pipe of another step is another user, and only the owner may write the files of an artifact.
const isWritable = async (folder: string): Promise<boolean> => {
  const probe = temporaryName(join(folder, 'blobs/sha256', '0'.repeat(64)), 'tmp')
  try {
    await (await open(probe, 'wx')).close()
    await rm(probe)
    return true
  } catch (error) {
    if (['EACCES', 'EPERM', 'EROFS', 'ENOENT'].includes(errnoOf(error) ?? '')) return false
    throw diskError(error, folder)
  }
}

const predict = async (folder: string, images: readonly WholeImage[]): Promise<number> => {
  const others = await neededBlobs(folder, beside(await readEntries(folder), images))
  const blobs = images.flatMap(blobsOf).map(({ digest, size }): [string, number] => [digest, size])
  return [...new Map([...others.sizes, ...blobs]).values()].reduce((sum, size) => sum + size, 0)
}

const beside = (entries: readonly Entry[], images: readonly StoredImage[]): Entry[] =>
  entries.filter((entry) => !images.some((image) => replaces(image, entry)))

const keep = async (folder: string, images: readonly StoredImage[]): Promise<readonly string[]> => {
  const entries = await list(folder, images)
  const needed = await neededBlobs(folder, entries)
  await removeUnneeded(folder, needed)
  return needed.unread
}

const list = (folder: string, images: readonly StoredImage[]): Promise<readonly Entry[]> =>
  writeIndex(folder, (listed) => [...beside(listed, images), ...images.map(entryOf)])

// Two pipes do not work on one folder of Bitbucket's, but where they do, none is to lose what it listed. A list that was
// written at the same moment is there a moment later, and of two the last one to look finds both.
const confirm = async (folder: string, kept: readonly StoredImage[], since: number): Promise<void> => {
  for (let looks = 0; looks < MOST_LOOKS; looks++) {
    await sleep(Math.max(0, since + MOMENT - performance.now()))
    const listed = await readEntries(folder)
    const lost = kept.filter((image) => !listed.some((entry) => replaces(image, entry)))
    if (lost.length === 0) return
    await list(folder, lost)
    since = performance.now() + Math.random() * MOMENT
  }
}

const MOST_LOOKS = 20
/** In milliseconds. */
const MOMENT = 30

// A tag may stand for one image of each platform, or for a single image that is in no index.
const replaces = (image: StoredImage, entry: Entry): boolean => {
  const old = imageOf(entry)
  if (old?.reference !== image.reference) return false
  if ([old, image].some(({ digest, manifest }) => digest === manifest.digest)) return true
  return platformText(old) === platformText(image)
}

const platformText = ({ platform }: StoredImage) => (platform === undefined ? '' : formatPlatform(platform))
