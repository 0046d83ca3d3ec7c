import { randomBytes } from 'node:crypto'
import { chmod, mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import * as z from 'zod'
import { parseDigest } from '../image/digest.ts'
import type { Platform } from '../image/platform.ts'
import { parseJson } from '../json.ts'
import { readCarried } from './carried.ts'

/** One image of a store: an entry of its `index.json`. */
export interface StoredImage {
  /** `name:tag`, or `name@digest` where the image was asked for by digest alone. */
  reference: string
  /** Digest of what the tag meant: of an index where the image is a multi-platform one. */
  digest: string
  /** The platform's own manifest. */
  manifest: { mediaType: string; digest: string; size: number }
  platform: Platform | undefined
}

// Containerd and docker read the first name, skopeo and other OCI tools the second. The third is ours; without it the
// tag means the manifest itself.
const NAME = 'io.containerd.image.name'
const REF_NAME = 'org.opencontainers.image.ref.name'
const DIGEST = 'packages-pull.digest'

const INDEX_TYPE = 'application/vnd.oci.image.index.v1+json'

/** Where a blob lies in an OCI image layout (image-spec, image-layout.md, "Blobs"). */
export const blobPath = (folder: string, digest: string): string => join(folder, blobName(digest))

/** The same within the folder, as `manifest.json` has it. Throws a {DigestError} if the digest cannot be checked. */
export const blobName = (digest: string): string => {
  const { algorithm, encoded } = parseDigest(digest)
  return `blobs/${algorithm}/${encoded}`
}

const wireEntry = z.looseObject({
  mediaType: z.string(),
  digest: z.string(),
  size: z.number(),
  platform: z
    .looseObject({ os: z.string(), architecture: z.string(), variant: z.string().optional() })
    .optional()
    .catch(undefined),
  annotations: z.record(z.string(), z.string()).optional().catch(undefined),
})
const wireIndex = z.looseObject({ manifests: z.array(wireEntry) })

/** An entry as `index.json` has it; whatever other tools wrote there stays. */
export type Entry = z.infer<typeof wireEntry>

/** The most bytes of an index that are read: some ten thousand images. */
export const LARGEST_INDEX = 16 * 1024 * 1024

/** The text of a store's `index.json`; empty if there is none that can be read. */
export const readIndex = async (folder: string): Promise<string> => {
  const bytes = await readCarried(join(folder, 'index.json'), LARGEST_INDEX).catch(() => undefined)
  return bytes?.toString() ?? ''
}

/** The entries of a store; none if there is no store, or if its index cannot be read. */
export const readEntries = async (folder: string): Promise<Entry[]> => entriesIn(await readIndex(folder))

/** The entries of an index. */
export const entriesIn = (index: string): Entry[] => {
  const parsed = wireIndex.safeParse(parseJson(index))
  return (parsed.data?.manifests ?? []).filter(({ digest }) => isDigest(digest))
}

/** The image that an entry stands for; undefined if the entry has no name. */
export const imageOf = ({
  mediaType,
  digest,
  size,
  platform,
  annotations,
}: Entry): StoredImage | undefined => {
  const reference = annotations?.[NAME] ?? annotations?.[REF_NAME]
  if (reference === undefined) return undefined
  const { os, architecture, variant } = platform ?? {}
  return {
    reference,
    digest: isDigest(annotations?.[DIGEST]) ? annotations[DIGEST] : digest,
    manifest: { mediaType, digest, size },
    platform: os === undefined || architecture === undefined ? undefined : { os, architecture, variant },
  }
}

/** The entry of an image. */
export const entryOf = ({ reference, digest, manifest, platform }: StoredImage): Entry => ({
  ...manifest,
  ...(platform && {
    platform: {
      os: platform.os,
      architecture: platform.architecture,
      ...(platform.variant && { variant: platform.variant }),
    },
  }),
  annotations: { [NAME]: reference, [REF_NAME]: reference, [DIGEST]: digest },
})

/** The text of an `index.json`. */
export const indexText = (entries: readonly Entry[]): string =>
  `${JSON.stringify({ schemaVersion: 2, mediaType: INDEX_TYPE, manifests: entries }, null, 2)}\n`

/** The text of `oci-layout` (image-spec, image-layout.md). */
export const LAYOUT_TEXT = '{"imageLayoutVersion":"1.0.0"}\n'

/** The name beside a file under which it is written until it is whole. */
export const temporaryName = (path: string, kind: 'tmp' | 'part'): string =>
  `${path}.${randomBytes(6).toString('hex')}.${kind}`

/** The name of the file for which such a name stands; any other name as it is. */
export const settledName = (path: string): string => path.replace(/\.[0-9a-f]{12}\.(?:tmp|part)$/, '')

/** Whether a file has such a name. */
export const isTemporary = (path: string): boolean => settledName(path) !== path

/**
 * Writes a file of a store in one piece: a reader sees either the old text or the new one.
 *
 * @param isStill asked just before; if it says no, nothing is written
 * @returns whether it was written
 */
export const writeWhole = async (
  path: string,
  text: string | Buffer,
  isStill: () => Promise<boolean> = async () => true,
): Promise<boolean> => {
  const temporary = temporaryName(path, 'tmp')
  try {
    // Never one that is there: it may be a link.
    const file = await open(temporary, 'wx', FILE_MODE)
    try {
      await file.writeFile(text)
      await file.chmod(FILE_MODE)
    } finally {
      await file.close()
    }
    const isMeant = await isStill()
    if (isMeant) await rename(temporary, path)
    else await rm(temporary)
    return isMeant
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {})
    throw error
  }
}

/** Makes a folder of a store that everyone may write: the pipe of another step is another user. */
export const makeFolder = async (path: string): Promise<void> => {
  const first = await mkdir(path, { recursive: true })
  if (first === undefined) return
  for (let made = path; made.length >= first.length; made = dirname(made)) await chmod(made, 0o777)
}

/** The mode of files in a store: the pipe of another step is another user, and may have to replace them. */
export const FILE_MODE = 0o666

const isDigest = (digest: string | undefined): digest is string => {
  try {
    parseDigest(digest ?? '')
    return true
  } catch {
    return false
  }
}
