import { lstat, opendir } from 'node:fs/promises'
import { join } from 'node:path'
import { parseJson } from '../json.ts'
import { readCarried } from './carried.ts'
import { LARGEST_INDEX, settledName } from './layout.ts'

/** What a folder turned out to be that is to be a store. */
export interface Survey {
  /** The first thing in it that a store does not have, as a path within the folder, and what is wrong with it. */
  foreign: { path: string; why: string } | undefined
  /** Whether it says of itself that it is an OCI layout: then it is a store, whatever else was put into it. */
  isLayout: boolean
}

/**
 * Looks at a folder that an artifact or a cache carried here, or that is the user's own. A store has only folders and
 * regular files of names that it gives itself; no link is followed, and no file is opened that is not a regular one.
 *
 * @throws the system's error if a folder cannot be read
 */
export const survey = async (folder: string): Promise<Survey> => {
  const isLayout = await saysLayout(folder)
  for await (const { path, kind } of contents(folder)) {
    const why = await faultOf(folder, { path, kind }, isLayout)
    if (why !== undefined) return { foreign: { path, why }, isLayout }
  }
  return { foreign: undefined, isLayout }
}

type Kind = 'file' | 'folder' | 'link' | 'other'

interface Found {
  path: string
  kind: Kind | undefined
}

// Some ten thousand images; a folder of more is not gone through.
const MOST = 200_000

async function* contents(folder: string): AsyncGenerator<Found> {
  let seen = 0
  for (const path of ['', 'blobs', ...ALGORITHMS.map((name) => `blobs/${name}`)]) {
    // A link in the place of a folder was reported when the folder around it was gone through.
    if ((await kindOf(join(folder, path))) !== 'folder') continue
    for await (const { name } of await opendir(join(folder, path))) {
      seen += 1
      const own = path === '' ? name : `${path}/${name}`
      yield { path: own, kind: seen > MOST ? 'other' : await kindOf(join(folder, own)) }
    }
  }
}

const kindOf = async (path: string): Promise<Kind | undefined> => {
  const found = await lstat(path).catch(() => undefined)
  if (found === undefined) return undefined
  if (found.isDirectory()) return 'folder'
  if (found.isSymbolicLink()) return 'link'
  return found.isFile() ? 'file' : 'other'
}

const ALGORITHMS = ['sha256', 'sha384', 'sha512']
const FOLDERS = new Set(['blobs', ...ALGORITHMS.map((name) => `blobs/${name}`)])
const BLOB = /^blobs\/(?:sha256\/[0-9a-f]{64}|sha384\/[0-9a-f]{96}|sha512\/[0-9a-f]{128})$/
const FILES = ['oci-layout', 'index.json', 'manifest.json']
// Who keeps the folder in git has one of these.
const OF_GIT = /^\.git(?:ignore|keep|attributes)$/

const faultOf = async (
  folder: string,
  { path, kind }: Found,
  isLayout: boolean,
): Promise<string | undefined> => {
  // Another pipe removed it meanwhile.
  if (kind === undefined) return undefined
  if (FOLDERS.has(path)) return kind === 'folder' ? undefined : 'is not a folder'
  const settled = settledName(path)
  const isKnown = FILES.includes(settled) || BLOB.test(settled) || OF_GIT.test(path)
  if (!isKnown) return 'is not of a store'
  if (kind !== 'file') return 'is not a regular file'
  return path === 'index.json' || path === 'manifest.json' ? textFault(folder, path, isLayout) : undefined
}

// A folder of the user may well have files of these names.
const textFault = async (folder: string, name: 'index.json' | 'manifest.json', isLayout: boolean) => {
  const bytes = await readCarried(join(folder, name), LARGEST_INDEX)
  if (bytes === undefined) return 'is larger than 16 MB'
  // Whoever wrote it was ended in the middle.
  if (bytes.length === 0) return undefined
  const json = parseJson(bytes)
  const index = json as { manifests?: unknown; schemaVersion?: unknown } | undefined
  const list = name === 'index.json' ? index?.manifests : json
  if (!Array.isArray(list)) return 'is not the list of a store'
  // Without its own word for it, this is a file of the user: only an index says by a number what it is.
  if (!isLayout && (name === 'manifest.json' ? !(await saysIndex(folder)) : index?.schemaVersion !== 2))
    return 'is not the list of a store'
  // What is not understood could not be listed again.
  if (name === 'index.json' && !list.every(isEntry)) return 'lists what is no image'
  return list.length > MOST_IMAGES ? `lists more than ${MOST_IMAGES} images` : undefined
}

const MOST_IMAGES = 10_000

const isEntry = (entry: { mediaType?: unknown; digest?: unknown; size?: unknown } | null): boolean =>
  typeof entry?.mediaType === 'string' && typeof entry.digest === 'string' && typeof entry.size === 'number'

const saysIndex = async (folder: string): Promise<boolean> => {
  const bytes = await readCarried(join(folder, 'index.json'), LARGEST_INDEX)
  const json = bytes && parseJson(bytes)
  return (json as { schemaVersion?: unknown } | undefined)?.schemaVersion === 2
}

const saysLayout = async (folder: string): Promise<boolean> => {
  const bytes = await readCarried(join(folder, 'oci-layout'), 4096).catch(() => undefined)
  const json = bytes && parseJson(bytes)
  return typeof (json as { imageLayoutVersion?: unknown } | undefined)?.imageLayoutVersion === 'string'
}
