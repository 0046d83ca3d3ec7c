import { chmodSync, lstatSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PipeError } from '../errors.ts'

// In memory: a pipe that is killed outright leaves its container behind, and a folder in that container's own file
// system would leave the login in it.
const MEMORY = '/dev/shm'

/** The private docker configs of this process: one folder a credential, 0700, its file 0600. */
interface DockerConfigs {
  /**
   * A new folder for `docker --config`, in which only `registry`, if any, will have a login, or has a token of its own.
   * Throws PKG-TEMP-FOLDER if there is no place for one.
   */
  create(registry?: string, token?: string): string
  /** Removes every folder; synchronous, so that it also works while the process ends. */
  removeAll(): void
}

/** Opens the docker configs of a process; there are none at first. */
export const createDockerConfigs = (): DockerConfigs => {
  const folders = new Set<string>()
  return {
    create(registry, token) {
      // An entry, even an empty one, keeps `docker login` from looking for a keychain program on this machine
      // and putting the secret there, where nothing would remove it.
      const text = JSON.stringify({
        auths:
          registry === undefined ? {} : { [registry]: token === undefined ? {} : { registrytoken: token } },
      })
      const failures: unknown[] = []
      for (const place of [MEMORY, tmpdir()])
        try {
          return fill(place, text, folders)
        } catch (error) {
          failures.push(error)
        }
      throw new PipeError('PKG-TEMP-FOLDER', 'There is no place for a private docker config.', {
        said: failures.map((error) => (error as Error).message).join('; '),
      })
    },
    removeAll() {
      for (const folder of folders) rmSync(folder, { recursive: true, force: true })
      folders.clear()
    },
  }
}

// A place that is there may be read-only, full, or a link to another one.
const fill = (place: string, text: string, folders: Set<string>): string => {
  if (!lstatSync(place).isDirectory()) throw new Error(`${place} is not a folder`)
  const folder = mkdtempSync(join(place, 'packages-pull-'))
  folders.add(folder)
  const file = join(folder, 'config.json')
  writeFileSync(file, text, { mode: 0o600 })
  chmodSync(file, 0o600)
  return folder
}
