import type { PipeError } from '../errors.ts'
import { blobsOf } from '../store/archive.ts'
import { freeSpace, noSpace } from '../store/disk.ts'
import type { Store } from '../store/store.ts'
import type { Missing } from './missing.ts'
import type { StoreRequest } from './store-request.ts'

/** The images for which the disk has no space left after those before them: their transfer is not begun. */
export const tooLarge = async (
  requests: readonly StoreRequest[],
  missing: ReadonlyMap<string, Missing>,
  { folder }: Store,
): Promise<ReadonlyMap<StoreRequest, PipeError>> => {
  const errors = new Map<StoreRequest, PipeError>()
  if (missing.size === 0) return errors
  let free = await freeSpace(folder)
  const taken = new Set<string>()
  for (const request of requests) {
    const fresh = new Map(
      blobsOf(request.whole).flatMap(({ digest }) => {
        const blob = taken.has(digest) ? undefined : missing.get(digest)?.blob
        return blob === undefined ? [] : [[digest, blob.size]]
      }),
    )
    const needed = [...fresh.values()].reduce((sum, size) => sum + size, 0)
    if (needed > free) errors.set(request, noSpace(folder, { needed, free }))
    else {
      free -= needed
      for (const digest of fresh.keys()) taken.add(digest)
    }
  }
  return errors
}
