import { storedDocument } from './document.ts'
import { type Entry, imageOf } from './layout.ts'

/** What the entries of a store lead to. */
export interface Needed {
  /** Sizes in bytes, as they are listed, by digest. */
  sizes: ReadonlyMap<string, number>
  /** The listed digests that cannot be read, so that nobody knows which blobs they need. */
  unread: readonly string[]
}

/**
 * Everything that the entries of an `index.json` lead to, whichever tool wrote them. A document that is not understood
 * is reported, not taken for one that needs nothing.
 */
export const neededBlobs = async (folder: string, entries: readonly Entry[]): Promise<Needed> => {
  const sizes = new Map(entries.map(({ digest, size }) => [digest, size]))
  const unread: string[] = []
  // The index that a tag meant proves the digest of the tag, and may lead to images of other platforms in this store.
  const meant = entries.flatMap((entry) => imageOf(entry)?.digest ?? [])
  for (const digest of meant) if (!sizes.has(digest)) sizes.set(digest, 0)
  const listed = new Set(entries.map(({ digest }) => digest))
  // It grows while it is gone through.
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
      // A store need not have every image of an index.
    } else if (document.kind !== 'absent' || listed.has(digest)) unread.push(digest)
  }
  return { sizes, unread }
}
