import { join } from 'node:path'
import type { Options } from 'execa'
import { type EngineName, engineRoot, engines } from '../engines/engines.ts'
import { type Namespace, runInside, startService, stopService, waitFor } from '../world/namespace.ts'
import { rootScript } from '../world/root.ts'
import { buildFolder, sshFolder } from './layout.ts'

/** How an engine is arranged. */
export interface EngineOptions {
  /** Which one; unless told, the machine's own Debian has it. */
  engine?: EngineName | undefined
  /** Maps root of the containers to uid 165536, as runtime v2 does. */
  remap: boolean
  /** Denies what Bitbucket denies, as runtime v2 does. */
  plugin: boolean
  /** Limit of the engine and all its containers together, in megabytes. */
  memory?: number | undefined
  /** The folder for its data, when that is to outlive the namespace. */
  data?: string | undefined
  /** More of its `daemon.json`. */
  config?: object
}

/** Starts a Docker engine of its own in a namespace, its data in `<dir>/data`; ready when this returns. */
export const startEngine = async (namespace: Namespace, options: EngineOptions): Promise<void> => {
  const root = options.engine === undefined ? '/' : await engineRoot(options.engine)
  await runInside(namespace, ['sh', '-ec', prepare(namespace, options)])
  const arguments_ = [
    '--config-file=/run/lab/daemon.json',
    `--data-root=${dataRoot}`,
    '--exec-root=/run/lab/engine',
    '--pidfile=/run/lab/dockerd.pid',
    '--host=unix:///run/docker.sock',
    '--host=tcp://0.0.0.0:2375',
    '--tls=false',
    `--cgroup-parent=/${groupOf(namespace)}`,
    '--exec-opt=native.cgroupdriver=cgroupfs',
    '--iptables=true',
  ]
  if (options.remap) arguments_.push('--userns-remap=default')
  if (options.plugin) {
    arguments_.push('--authorization-plugin=pipelines')
    const program = join(import.meta.dirname, 'authorization-plugin.ts')
    startService(namespace, 'plugin', [process.execPath, program, '/run/docker/plugins/pipelines.sock'])
  }
  // containerd's store asks the server of tokens, for which `certs.d` has no say there, with what the system trusts.
  const env = { SSL_CERT_FILE: '/etc/docker/certs.d/crg.apkg.io/ca.crt' }
  startService(namespace, 'engine', [...commandIn(namespace, root), 'dockerd', ...arguments_], env)
  await waitFor(namespace, 'engine', async () => (await engineVersion(namespace)).length > 0)
}

/** Which version the engine of a namespace says that it is. */
export const engineVersion = async (namespace: Namespace): Promise<string> => {
  const { stdout } = await onEngine(namespace, ['version', '--format={{.Server.Version}}'])
  return String(stdout)
}

/** Runs the docker CLI in a namespace, past whatever denies commands to a step. */
export const onEngine = (namespace: Namespace, args: readonly string[], options: Options = {}) =>
  runInside(namespace, ['docker', '--host=unix:///run/docker.sock', ...args], {
    ...options,
    env: { DOCKER_BUILDKIT: '0' },
  })

// In the control group of the memory limit; and where the engine is not the machine's own, in a root of its own,
// with the folders and files around a step at their places.
const commandIn = (namespace: Namespace, root: string): string[] => {
  if (root === '/') return ['sh', '-c', `${joinGroup(namespace)}; exec "$@"`, 'sh']
  const etc = ['docker', 'hosts', 'resolv.conf', 'passwd', 'group', 'subuid', 'subgid']
  const step = [buildFolder, sshFolder, '/usr/local/bin/docker']
  const shared = [namespace.dir, '/run', dataRoot, ...step, ...etc.map((name) => `/etc/${name}`)]
  const enter = 'exec unshare --mount --propagation=unchanged sh -c "$0" sh "$@"'
  const script = rootScript({ lower: root, place: `${namespace.dir}/engine-root`, shared })
  return ['sh', '-c', `${joinGroup(namespace)}; ${enter}`, script]
}

/** Stops the engine, its containers first: what a step sees whose docker service died. */
export const stopEngine = (namespace: Namespace): Promise<void> => stopService(namespace, 'engine')

/** Where the engine keeps its data: a short path, which mapped users can reach whatever lies above it. */
export const dataRoot = '/run/lab/data'

const prepare = (
  namespace: Namespace,
  options: EngineOptions,
  data = options.data ?? `${namespace.dir}/data`,
) => `
mkdir -p ${data} ${dataRoot} /run/docker/plugins
chmod 711 ${data}
mount --bind ${data} ${dataRoot}
echo '${JSON.stringify(configOf(options))}' > /run/lab/daemon.json
sed -i /^dockremap:/d /etc/passwd /etc/group /etc/subuid /etc/subgid
echo dockremap:x:990:990::/:/bin/false >> /etc/passwd
echo dockremap:x:990: >> /etc/group
echo dockremap:165536:65536 | tee -a /etc/subuid >> /etc/subgid
${options.memory === undefined ? '' : limitMemory(namespace, options.memory * 1024 * 1024)}`

const configOf = ({ engine, config }: EngineOptions): object => ({
  ...(engine !== undefined && engines[engine].config),
  ...config,
})

const groupOf = (namespace: Namespace) => namespace.dir.split('/').at(-1)

// Version 1 of control groups has a folder for each controller and takes processes beside subgroups;
// version 2 has one folder for all and does not, so there the limit is on the containers alone.
const limitMemory = (namespace: Namespace, bytes: number) => `
if [ -d /sys/fs/cgroup/memory ]; then
  mkdir -p /sys/fs/cgroup/memory/${groupOf(namespace)}
  echo ${bytes} > /sys/fs/cgroup/memory/${groupOf(namespace)}/memory.limit_in_bytes
else
  mkdir -p /sys/fs/cgroup/${groupOf(namespace)}
  echo ${bytes} > /sys/fs/cgroup/${groupOf(namespace)}/memory.max || :
fi`

const joinGroup = (namespace: Namespace) => {
  const group = `/sys/fs/cgroup/memory/${groupOf(namespace)}`
  return `if [ -d ${group} ]; then echo $$ > ${group}/cgroup.procs; fi`
}
