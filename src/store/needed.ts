import { storedDocument } from './document.ts'
import { type Entry, imageOf } from './layout.ts'

/** What the entries of a store lead to. */
export interface Needed {
  /** Sizes in bytes, as they are listed, by digest. */
  sizes: ReadonlyMap<string, number>
  /** The digests that are listed and cannot be read: what they need besides, nobody knows. */
  unread: readonly string[]
}

/**
 * Everything that some entries of an `index.json` lead to, by whatever tool they were put there. What is not understood
 * is not taken for something that needs nothing.
 */
export const neededBlobs = async (folder: string, entries: readonly Entry[]): Promise<Needed> => {
  const sizes = new Map(entries.map(({ digest, size }) => [digest, size]))
  const unread: string[] = []
  // The index that a tag meant proves its digest, and may lead to images of other platforms that are here.
  const meant = entries.flatMap((entry) => imageOf(entry)?.digest ?? [])
  for (const digest of meant) if (!sizes.has(digest)) sizes.set(digest, 0)
  const listed = new Set(entries.map(({ digest }) => digest))
  // What is found on the way is gone through too.
  const open = new Set([...listed, ...meant])
  for (const digest of open) {
    const document = await storedDocument(folder, digest)
    if (document.kind === 'index') {
      for (const each of document.manifests) {
        sizes.set(each.digest, each.size)
        open.add(each.digest)
      }
    } else if (document.kind === 'image') {
      for (const each of [document.config, ...document.layers]) sizes.set(each.digest, each.size)
      // Not every image of an index is in every store.
    } else if (document.kind !== 'absent' || listed.has(digest)) unread.push(digest)
  }
  return { sizes, unread }
}
