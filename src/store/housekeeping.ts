import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Living } from './lock.ts'
import type { Needed } from './needed.ts'

/**
 * Removes the blobs that no listed image needs any more, and the temporary files of pipes that are gone. Whatever a
 * living pipe has claimed or is writing stays. No blob is removed as long as something listed cannot be read. To be
 * called under the lock: the files beside the blobs are only written under it.
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
