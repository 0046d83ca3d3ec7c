import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import { authority, selfSigned, serverCertificate } from './certificates.ts'
import { setFaults } from './faults.ts'
import { type Grant, issue, newSecret, setRules, usualRules } from './grants.ts'
import { hosts } from './hosts.ts'
import {
  type Holder,
  type Namespace,
  openNamespace,
  runInside,
  startService,
  stopService,
  waitFor,
} from './namespace.ts'

/** Names of the registries: Bitbucket's, one that asks for Basic auth, one that asks for nothing. */
export const registries = ['crg.apkg.io', 'basic.apkg.test', 'open.apkg.test'] as const
export type Registry = (typeof registries)[number]

/** The network around the steps: plain data, so that any process of a test run can use it. */
export interface World extends Namespace {
  /** May read and push every package of every registry. */
  publisher: Grant
  /** An Atlassian API token: reads every package. */
  apiToken: Grant
}

/** Starts the network, its name server, the registries and the token server. */
export const openWorld = async (): Promise<World & Pick<Holder, 'close'>> => {
  const namespace = await openNamespace('world')
  const actions = ['pull', 'push']
  const publisher: Grant = { username: 'publisher', password: newSecret('P'), repository: '*', actions }
  const apiToken = {
    ...publisher,
    username: 'dev@example.com',
    password: newSecret('ATATT3x'),
    actions: ['pull'],
  }
  const world = { ...namespace, publisher, apiToken }
  await prepare(world)
  const node = [process.execPath, join(import.meta.dirname, 'token-server.ts')]
  startService(world, 'names', nameServer())
  startService(world, 'tokens', [...node, world.dir, hosts['auth.apkg.test']])
  startService(world, 'front', [process.execPath, join(import.meta.dirname, 'front.ts'), world.dir])
  for (const name of registries) await startRegistry(world, name)
  await waitFor(world, 'tokens', () => answers(world, 'auth.apkg.test'))
  await waitFor(world, 'front', () => answers(world, 'front.apkg.test'))
  return world
}

/** Starts a registry that was stopped; it serves what it served before. */
export const startRegistry = async (world: World, name: Registry): Promise<void> => {
  startService(world, name, ['docker-registry', 'serve', join(world.dir, `${name}.json`)])
  await waitFor(world, name, () => answers(world, name))
}

/** Stops a registry: connections to it are refused until it is started again. */
export const stopRegistry = (world: World, name: Registry): Promise<void> => stopService(world, name)

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

const prepare = async (world: World): Promise<void> => {
  await mkdir(join(world.dir, 'grants'))
  await selfSigned(world.dir, 'token', '/CN=token')
  await serverCertificate(world.dir, 'server', Object.keys(hosts))
  await setRules(world, usualRules)
  await setFaults(world, [])
  await issue(world, 'publisher', world.publisher)
  await issue(world, 'api-token', world.apiToken)
  await writeFile(join(world.dir, 'htpasswd'), '')
  await addBasicUser(world, world.publisher)
  for (const name of registries) {
    await writeFile(join(world.dir, `${name}.json`), JSON.stringify(registryConfig(world, name)))
  }
  const network = [
    `echo nameserver ${hosts['gateway.apkg.test']} > /etc/resolv.conf`,
    'ip link add lab0 type bridge',
    'ip link set lab0 up',
  ]
  const addresses = Object.values(hosts).map((ip) => `ip address add ${ip}/24 dev lab0`)
  await runInside(world, ['sh', '-ec', [...network, ...addresses].join('\n')])
}

/** Makes a pair known to the registry with Basic auth. */
export const addBasicUser = (
  world: Namespace,
  { username, password }: Pick<Grant, 'username' | 'password'>,
) => execa('htpasswd', ['-iB', '-C', '4', join(world.dir, 'htpasswd'), username], { input: password })

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

// Only our names exist; every other is refused at once, so that nothing waits for a network.
const nameServer = () => [
  'dnsmasq',
  '--keep-in-foreground',
  '--no-resolv',
  '--no-hosts',
  '--no-daemon',
  '--bind-interfaces',
  `--listen-address=${hosts['gateway.apkg.test']}`,
  '--pid-file=',
  '--user=root',
  '--local=/#/',
  ...Object.entries(hosts).map(([name, ip]) => `--host-record=${name},${ip}`),
]

const answers = async (world: World, name: keyof typeof hosts): Promise<boolean> => {
  const probe = `exec 3<>/dev/tcp/${hosts[name]}/443`
  return !(await runInside(world, ['bash', '-c', probe], { reject: false })).failed
}

/** Lets an engine trust the registries, below the folder `etc`. */
export const trustRegistries = async (etc: string): Promise<void> => {
  const certificate = await readFile(join(await authority(), 'ca.crt'))
  for (const name of Object.keys(hosts)) {
    await mkdir(join(etc, 'docker/certs.d', name), { recursive: true })
    await writeFile(join(etc, 'docker/certs.d', name, 'ca.crt'), certificate)
  }
  await chmod(join(etc, 'docker'), 0o755)
}
