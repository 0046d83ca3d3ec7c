import { access, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'

/** The project's top folder. */
export const project = join(import.meta.dirname, '../..')

/** What the laboratory writes into the project and keeps there. */
export const kept = join(project, '.lab')

/** What is made once for a version of Node and kept: base images, and the authority that they trust. */
export const cache = join(kept, 'cache', process.version)

/**
 * The path of `name` in the cache. `make` is called when it is absent, with the path of a temporary
 * folder; it answers what in there is to be kept, so that a broken run leaves nothing half made.
 */
export const cached = (name: string, make: (temporary: string) => Promise<string>): Promise<string> => {
  const known = making.get(name) ?? makeOnce(name, make)
  making.set(name, known)
  return known
}

const making = new Map<string, Promise<string>>()

const makeOnce = async (name: string, make: (temporary: string) => Promise<string>): Promise<string> => {
  const path = join(cache, name)
  if (await exists(path)) return path
  await mkdir(dirname(path), { recursive: true })
  await forgetBrokenRuns()
  const temporary = await mkdtemp(join(cache, `making-${process.pid}-`))
  try {
    await rename(await make(temporary), path)
  } finally {
    await rm(temporary, { recursive: true, force: true })
  }
  return path
}

// What a killed run was making; its process is in the name.
const forgetBrokenRuns = async (): Promise<void> => {
  for (const name of await readdir(cache)) {
    const [, pid] = /^making-(\d+)-/.exec(name) ?? []
    if (pid !== undefined && !(await exists(join('/proc', pid)))) {
      await rm(join(cache, name), { recursive: true, force: true })
    }
  }
}

/** Whether there is a file or a folder of this path. */
export const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  )
