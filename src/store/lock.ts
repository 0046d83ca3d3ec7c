import { randomBytes } from 'node:crypto'
import { open, readdir, rename, rm, stat, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { PipeError } from '../errors.ts'
import { parseJson } from '../json.ts'
import { readCarried } from './carried.ts'
import { FILE_MODE, writeWhole } from './layout.ts'

// Each pipe runs in a container of its own, so that no process id tells whether another one lives. A living pipe touches
// its file once in BEAT milliseconds; one that has not for GONE milliseconds is taken for dead.
const BEAT = 2000
const GONE = 10_000

const LOCK = '.lock'
const CLAIM = '.in-use-'

// Some ten thousand blobs.
const LARGEST_CLAIM = 1024 * 1024

/** The blobs of a store that a running pipe works with, so that others do not remove them. */
export interface Claim {
  id: string
  /** Adds blobs; once this has resolved, no other pipe removes them. */
  add(digests: readonly string[]): Promise<void>
  release(): Promise<void>
}

/** The pipes that run now, by id, and the blobs that they claim. */
export interface Living {
  ids: ReadonlySet<string>
  digests: ReadonlySet<string>
}

/**
 * Runs an action while no other pipe on the same folder runs one. Such actions are short, so that a lock of more than ten
 * seconds was left by a pipe that was killed.
 */
export const withLock = async <T>(folder: string, action: () => Promise<T>): Promise<T> => {
  const path = join(folder, LOCK)
  for (const started = Date.now(); !(await make(path)); ) {
    if (Date.now() - started > GONE * 6)
      throw new PipeError('PKG-STORE', `${folder} stays locked by another pipe.`, {
        hint: `Remove ${path}, which a pipe that was killed left and this one cannot remove.`,
      })
    if (await isGone(path)) await takeAway(path)
    await sleep(20 + Math.random() * 30)
  }
  try {
    return await action()
  } finally {
    await rm(path, { force: true })
  }
}

/** Announces this pipe in a store that it can write. */
export const openClaim = async (folder: string): Promise<Claim> => {
  const id = randomBytes(6).toString('hex')
  const path = join(folder, `${CLAIM}${id}`)
  const digests = new Set<string>()
  const write = () => withLock(folder, () => writeWhole(path, JSON.stringify([...digests])))
  await write()
  const beat = setInterval(() => {
    const now = new Date()
    utimes(path, now, now).catch(() => {})
  }, BEAT)
  beat.unref()
  return {
    id,
    async add(more) {
      for (const digest of more) digests.add(digest)
      await write()
    },
    async release() {
      clearInterval(beat)
      await rm(path, { force: true })
    },
  }
}

/** The pipes of a store that live, and what all but `own` claim; the claims of dead ones are removed. */
export const living = async (folder: string, own?: string): Promise<Living> => {
  const ids = new Set<string>()
  const digests = new Set<string>()
  for (const name of await readdir(folder)) {
    if (!name.startsWith(CLAIM) || name.endsWith('.tmp')) continue
    const path = join(folder, name)
    if (await isGone(path)) {
      await rm(path, { force: true })
      continue
    }
    const id = name.slice(CLAIM.length)
    ids.add(id)
    if (id === own) continue
    for (const digest of await digestsIn(path)) digests.add(digest)
  }
  return { ids, digests }
}

const digestsIn = async (path: string): Promise<string[]> => {
  const bytes = await readCarried(path, LARGEST_CLAIM).catch(() => undefined)
  const list = bytes && parseJson(bytes)
  return Array.isArray(list) ? list.filter((each) => typeof each === 'string') : []
}

const make = async (path: string): Promise<boolean> => {
  try {
    const file = await open(path, 'wx', FILE_MODE)
    await file.close()
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

const isGone = async (path: string): Promise<boolean> => {
  const found = await stat(path).catch(() => undefined)
  return found !== undefined && Date.now() - found.mtimeMs > GONE
}

// Of several that wait, only one can rename it. If another pipe made a new lock in between, that one is taken away
// and two pipes hold the lock: possible only within milliseconds of the end of a pipe that was killed.
const takeAway = async (path: string): Promise<void> => {
  const aside = `${path}.${randomBytes(6).toString('hex')}.tmp`
  await rename(path, aside).catch(() => {})
  await rm(aside, { force: true })
}
