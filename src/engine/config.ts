import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

// In memory: a pipe that is killed outright leaves its container behind, and a folder in that container's own file
// system would leave the login in it.
const MEMORY = '/dev/shm'

/** The private docker configs of this process: one folder a credential, 0700, its file 0600. */
interface DockerConfigs {
  /** A new folder for `docker --config`, in which only `registry`, if any, will have a login. */
  create(registry?: string): string
  /** Removes every folder; synchronous, so that it also works while the process ends. */
  removeAll(): void
}

/** Opens the docker configs of a process; there are none at first. */
export const createDockerConfigs = (): DockerConfigs => {
  const folders = new Set<string>()
  return {
    create(registry) {
      const folder = mkdtempSync(join(existsSync(MEMORY) ? MEMORY : tmpdir(), 'packages-pull-'))
      folders.add(folder)
      const file = join(folder, 'config.json')
      // An entry, even an empty one, keeps `docker login` from looking for a keychain program on this machine
      // and putting the secret there, where nothing would remove it.
      writeFileSync(file, JSON.stringify({ auths: registry === undefined ? {} : { [registry]: {} } }), {
        mode: 0o600,
      })
      chmodSync(file, 0o600)
      return folder
    },
    removeAll() {
      for (const folder of folders) rmSync(folder, { recursive: true, force: true })
      folders.clear()
    },
  }
}
