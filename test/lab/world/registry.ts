import { appendFile, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import type { Grant } from './grants.ts'
import { hosts } from './hosts.ts'
import { type Namespace, runInside, startService, stopService, waitFor } from './namespace.ts'

/** Names of the registries: Bitbucket's, one that asks for Basic auth, one that asks for nothing. */
export const registries = ['crg.apkg.io', 'basic.apkg.test', 'open.apkg.test'] as const
export type Registry = (typeof registries)[number]

/** Starts a registry that was stopped; it serves what it served before. */
export const startRegistry = async (world: Namespace, name: Registry): Promise<void> => {
  startService(world, name, ['docker-registry', 'serve', join(world.dir, `${name}.json`)])
  await waitFor(world, name, () => answers(world, name))
}

/** Stops a registry: connections to it are refused until it is started again. */
export const stopRegistry = (world: Namespace, name: Registry): Promise<void> => stopService(world, name)

/** One request that a registry answered, from its log. */
export interface Served {
  method: string
  uri: string
  status: number
  /** Bytes of the answer's body. */
  bytes: number
}

/** Everything that a registry has answered so far, in order. */
export const served = async (world: Namespace, name: Registry): Promise<Served[]> => {
  const log = await readFile(join(world.dir, `${name}.log`), 'utf8')
  return log.split('\n').flatMap((line) => {
    if (!line.includes('"response completed"')) return []
    const entry = JSON.parse(line)
    return {
      method: entry['http.request.method'],
      uri: entry['http.request.uri'],
      status: entry['http.response.status'],
      bytes: entry['http.response.written'],
    }
  })
}

/** Makes a pair known to the registry with Basic auth. */
export const addBasicUser = async (
  world: Namespace,
  grant: Pick<Grant, 'username' | 'password'>,
): Promise<void> => {
  const { username, password } = grant
  const { stdout } = await execa('htpasswd', ['-niB', '-C', '4', username], { input: password })
  // Appended, not rewritten by htpasswd, because steps may start at the same time.
  await appendFile(join(world.dir, 'htpasswd'), `${stdout.trim()}\n`)
}

/** Writes what `startRegistry` needs. */
export const configureRegistry = (world: Namespace, name: Registry): Promise<void> =>
  writeFile(join(world.dir, `${name}.json`), JSON.stringify(registryConfig(world, name)))

const registryConfig = (world: Namespace, name: Registry) => ({
  version: '0.1',
  log: { level: 'info', formatter: 'json', accesslog: { disabled: true } },
  storage: {
    filesystem: { rootdirectory: join(world.dir, 'registry', name) },
    delete: { enabled: true },
    cache: { blobdescriptor: 'inmemory' },
  },
  http: {
    addr: `${hosts[name]}:443`,
    tls: { certificate: join(world.dir, 'server.crt'), key: join(world.dir, 'server.key') },
  },
  ...authOf(world, name),
})

const authOf = (world: Namespace, name: Registry): object => {
  if (name === 'open.apkg.test') return {}
  if (name === 'basic.apkg.test') {
    return { auth: { htpasswd: { realm: 'basic', path: join(world.dir, 'htpasswd') } } }
  }
  const rootcertbundle = join(world.dir, 'token.crt')
  return {
    auth: { token: { realm: 'https://auth.apkg.test/token', service: name, issuer: 'lab', rootcertbundle } },
  }
}

/** Whether a server of the laboratory takes connections. */
export const answers = async (world: Namespace, name: keyof typeof hosts): Promise<boolean> => {
  const probe = `exec 3<>/dev/tcp/${hosts[name]}/443`
  return !(await runInside(world, ['bash', '-c', probe], { reject: false })).failed
}
