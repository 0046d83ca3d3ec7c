import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Living } from './lock.ts'

/**
 * Removes the blobs that no image of a store needs any more, and what broken-off writing left. What pipes that run
 * now have claimed stays, and so do the parts that they fetch. Called under the lock.
 *
 * @param needed the digests that stay
 */
export const removeUnneeded = async (
  folder: string,
  needed: ReadonlyMap<string, unknown>,
  others: Living,
): Promise<void> => {
  for (const algorithm of await list(join(folder, 'blobs'))) {
    const place = join(folder, 'blobs', algorithm)
    for (const name of await list(place)) {
      const [encoded, id] = name.split('.')
      const digest = `${algorithm}:${encoded}`
      const stays = id === undefined ? needed.has(digest) || others.digests.has(digest) : others.ids.has(id)
      if (stays) continue
      await rm(join(place, name), { recursive: true, force: true })
    }
  }
}

const list = (folder: string): Promise<string[]> => readdir(folder).catch(() => [])
