import { randomUUID } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Options } from 'execa'
import type { EngineName } from '../engines/engines.ts'
import { seedOf } from '../engines/seed.ts'
import { type Grant, issue, newSecret, revoke } from '../world/grants.ts'
import { hosts } from '../world/hosts.ts'
import { type Namespace, openNamespace, runInNetwork, runInside } from '../world/namespace.ts'
import { addBasicUser, registries } from '../world/registry.ts'
import { trustRegistries, type World } from '../world/world.ts'
import { makeClone, startGitProxy } from './clone.ts'
import { startEngine } from './engine.ts'
import { environment } from './environment.ts'
import { buildFolder, sshFolder } from './layout.ts'

export interface StepOptions {
  /** Version of the runtime: 2 with the platform's CLI and its plugin, 3 without. */
  runtime?: 2 | 3
  /** Its engine; unless told, the one of the machine's own Debian. */
  engine?: EngineName
  /** Whether the step declares `services: [docker]`. */
  docker?: boolean
  /** `definitions: services: docker: memory`, in megabytes. */
  memory?: number
  /** Size of the engine's disk, in megabytes; else it is this machine's. */
  disk?: number
  /** The repository whose pipeline runs. */
  repository?: string
  /** A folder of this machine whose copy is the clone. */
  clone?: string
  /** Files of the clone, by path. */
  files?: Record<string, string>
  /** Serves the repository behind the clone, by the proxy that the clone's git config names. */
  gitProxy?: boolean
  /** Repository, workspace and deployment variables. */
  variables?: Record<string, string>
  /** The pipe image's folder, as `pipeImage` made it; without it the engine starts empty. */
  pipeImage?: string | undefined
  /** Leads the step's requests to the registries through `front.ts`, where faults happen. */
  front?: boolean
  /** Whether a pipe can write the file of the output variables, which is not documented. */
  outputVariables?: 'writable' | 'unreachable'
}

/** A running step: its network, its clone, its engine, its credentials. */
export interface Step extends Namespace {
  options: StepOptions
  /** The clone folder as this machine sees it; in the step and its pipes it is `buildFolder`. */
  build: string
  /** The built-in pair, issued for this step. */
  grant: Grant
  /** Environment of the step's script. */
  env: Record<string, string>
  /** Values that Bitbucket masks in the log, with their variables' names. */
  secrets: Record<string, string>
  close: () => Promise<void>
}

/** Starts a step: everything that is there when the first line of its script runs. */
export const openStep = async (world: World, options: StepOptions = {}): Promise<Step> => {
  const namespace = await openNamespace('step')
  try {
    const repository = options.repository ?? 'acme/app'
    const grant = { username: randomUUID(), password: newSecret('BBPK'), repository, actions: ['pull'] }
    const build = join(namespace.dir, 'build')
    const id = namespace.dir.split('-').at(-1) ?? ''
    const variables = environment(grant, variablesFile(options))
    const cloned = makeClone(build, options, variables)
    await Promise.all([issue(world, id, grant), addBasicUser(world, grant), cloned])
    await connect(world, namespace)
    if (options.front) await runInside(namespace, ['sh', '-ec', leadToFront])
    await runInside(namespace, ['sh', '-ec', prepare(build, options)])
    await trustRegistries(namespace)
    if (options.docker !== false) await startStepEngine(namespace, options)
    if (options.gitProxy) await startGitProxy(namespace, build, repository)
    const env: Record<string, string> = {
      ...variables,
      BITBUCKET_COMMIT: await cloned,
      ...options.variables,
    }
    const secrets = {
      BITBUCKET_PACKAGES_TOKEN: grant.password,
      PIPELINES_JWT_TOKEN: env.PIPELINES_JWT_TOKEN ?? '',
    }
    const close = async () => {
      await revoke(world, id)
      await namespace.close()
    }
    return { ...namespace, options, build, grant, env, secrets, close }
  } catch (error) {
    await namespace.close()
    throw error
  }
}

/** Runs a command in the step, with the step's environment, in the clone folder. */
export const inStep = <O extends Options>(step: Step, command: readonly string[], options?: O) => {
  const script = 'cd "$0"; umask 000; exec "$@"'
  const env = { ...step.env, ...(options?.env as Record<string, string> | undefined) }
  const settings = { ...options, env, extendEnv: false } as unknown as O
  return runInside(step, ['sh', '-c', script, buildFolder, ...command], settings)
}

/** Runs the docker CLI against the step's engine. */
export const docker = (step: Step, args: readonly string[], options?: Options) =>
  inStep(step, ['/usr/bin/docker', ...args], options)

// One cable from the step to the network; its name there tells the address, which is free if it is new.
const connect = async (world: World, step: Namespace): Promise<void> => {
  const script = `for n in $(seq 10 250); do
  ip link add s$n type veth peer name eth0 netns ${step.pid} 2> /dev/null && break
done
ip link set s$n master lab0 up
echo $n`
  const { stdout } = await runInNetwork(world, ['sh', '-c', script])
  const commands = [
    `ip address add 192.0.2.${stdout}/24 dev eth0`,
    'ip link set eth0 up',
    `ip route add default via ${hosts['gateway.apkg.test']}`,
  ]
  await runInside(step, ['sh', '-ec', commands.join('\n')])
}

// For the engine and the containers alike: the names stay, only the connections end elsewhere.
const leadToFront = registries
  .flatMap((name) =>
    ['OUTPUT', 'PREROUTING'].map(
      (chain) =>
        `iptables -t nat -A ${chain} -d ${hosts[name]} -p tcp --dport 443 -j DNAT --to ${hosts['front.apkg.test']}`,
    ),
  )
  .join('\n')

const prepare = (build: string, options: StepOptions) => `
echo nameserver ${hosts['gateway.apkg.test']} > /etc/resolv.conf
echo 127.0.0.1 localhost > /etc/hosts
rm -rf /etc/docker /opt/atlassian
mkdir -p /etc/docker /run/lab/home ${buildFolder} ${sshFolder}
mount --bind ${build} ${buildFolder}
mkdir -m 777 -p ${dirname(variablesFile(options))}
touch ${variablesFile(options)}
chmod 666 ${variablesFile(options)}
rm -f /usr/local/bin/docker
${options.runtime === 3 ? '' : 'touch /usr/local/bin/docker; mount --bind /usr/bin/docker /usr/local/bin/docker'}`

const variablesFile = (options: StepOptions) =>
  options.outputVariables === 'unreachable'
    ? '/opt/atlassian/pipelines/agent/variables/variables'
    : `${buildFolder}/.bitbucket/pipelines/generated/pipeline/variables/variables`

const startStepEngine = async (step: Namespace, options: StepOptions): Promise<void> => {
  const modern = options.runtime === 3
  const { engine } = options
  const remap = !modern
  const data = join(step.dir, 'data')
  await mkdir(data)
  if (options.disk !== undefined) {
    await runInside(step, ['mount', '-t', 'tmpfs', '-o', `size=${options.disk}m`, 'tmpfs', data])
  }
  if (options.pipeImage) {
    const seed = await seedOf(options.pipeImage, { engine, remap })
    await runInside(step, ['cp', '-a', '--no-target-directory', seed, data])
  }
  await startEngine(step, { engine, remap, plugin: !modern, memory: options.memory ?? 1024 })
}
