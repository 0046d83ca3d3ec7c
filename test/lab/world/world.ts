import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { authority, selfSigned, serverCertificate } from './certificates.ts'
import { setFaults } from './faults.ts'
import { type Grant, issue, newSecret, setRules, usualRules } from './grants.ts'
import { hosts } from './hosts.ts'
import { type Holder, type Namespace, openNamespace, runInside, startService, waitFor } from './namespace.ts'
import { addBasicUser, answers, configureRegistry, registries, startRegistry } from './registry.ts'

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
  const program = (name: string) => [process.execPath, join(import.meta.dirname, name)]
  startService(world, 'names', nameServer())
  startService(world, 'tokens', [...program('token-server.ts'), world.dir])
  startService(world, 'front', [...program('front.ts'), world.dir])
  for (const name of registries) await startRegistry(world, name)
  await waitFor(world, 'tokens', () => answers(world, 'auth.apkg.test'))
  await waitFor(world, 'front', () => answers(world, 'front.apkg.test'))
  return world
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
  for (const name of registries) await configureRegistry(world, name)
  const network = [
    `echo nameserver ${hosts['gateway.apkg.test']} > /etc/resolv.conf`,
    'ip link add lab0 type bridge',
    'ip link set lab0 up',
  ]
  const addresses = Object.values(hosts).map((ip) => `ip address add ${ip}/24 dev lab0`)
  await runInside(world, ['sh', '-ec', [...network, ...addresses].join('\n')])
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

/** Lets the engine of a namespace trust the registries. */
export const trustRegistries = async (namespace: Namespace): Promise<void> => {
  const input = await readFile(join(await authority(), 'ca.crt'), 'utf8')
  const folders = Object.keys(hosts).map((name) => `/etc/docker/certs.d/${name}`)
  const files = folders.map((folder) => `${folder}/ca.crt`)
  const script = `mkdir -p ${folders.join(' ')}; tee ${files.join(' ')} > /dev/null`
  await runInside(namespace, ['sh', '-ec', script], { input })
}
