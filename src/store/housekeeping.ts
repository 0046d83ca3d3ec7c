import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Living } from './lock.ts'
import type { Needed } from './needed.ts'

/**
 * Removes the blobs that no image of a store needs any more, and what writing that broke off left. What pipes that run
 * now have claimed stays, and so do the parts that they fetch; all blobs stay where not everything that is listed could
 * be read. Called under the lock, under which alone the files beside the blobs are written.
 */
export const removeUnneeded = async (
  folder: string,
  { sizes, unread }: Needed,
  others: Living,
): Promise<void> => {
  for (const name of await list(folder)) if (LEFT.test(name)) await rm(join(folder, name), { force: true })
  for (const algorithm of await list(join(folder, 'blobs'))) {
    const place = join(folder, 'blobs', algorithm)
    for (const name of await list(place)) {
      const [encoded, id] = name.split('.')
      const digest = `${algorithm}:${encoded}`
      const stays =
        id === undefined
          ? unread.length > 0 || sizes.has(digest) || others.digests.has(digest)
          : others.ids.has(id)
      if (stays) continue
      await rm(join(place, name), { recursive: true, force: true })
    }
  }
}

const LEFT = /^(?:index\.json|manifest\.json|oci-layout|\.in-use-[0-9a-f]{12}|\.lock)\.[0-9a-f]{12}\.tmp$/

const list = (folder: string): Promise<string[]> => readdir(folder).catch(() => [])
