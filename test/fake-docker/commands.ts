import type { Usage } from './arguments.ts'
import { attach, create, remove, start } from './containers.ts'
import { describe, type FakeEngine, listImages, tag } from './images.ts'
import { load } from './load.ts'
import { configured, login } from './login.ts'
import { pull } from './pull.ts'
import { formatted } from './template.ts'

interface Given {
  /** Of the fake. */
  folder: string
  engine: FakeEngine
  /** Folder of the docker config. */
  config: string
  args: string[]
  flags: Map<string, string>
  /** Of a command that reads all of its input first. */
  stdin: Buffer
  /** Writes down what a command read that goes on while it reads. */
  onInput: (text: string) => void
}

interface Command extends Usage {
  /** Reads all of its input before anything else. */
  input?: boolean
  run: (given: Given) => string | Promise<string>
}

const VERSION = '28.2.2'
const FORMAT = 'format'
const MANY = Number.POSITIVE_INFINITY

/** The commands that the fake knows; whatever else is refused. */
export const commands: Record<string, Command> = {
  version: {
    usage: 'docker version [OPTIONS]',
    ...{ least: 0, most: 0, values: FORMAT },
    run: ({ flags, engine }) => {
      const [Os, Arch] = engine.platform.split('/')
      const Server = { Platform: { Name: '' }, Version: '25.0.5', ApiVersion: '1.44', Os, Arch }
      const Client = { Version: VERSION, ApiVersion: '1.44', DefaultAPIVersion: '1.50', Os: 'linux' }
      const value = { Client, Server }
      return formatted(flags.get(FORMAT), { value, type: 'system.versionInfo', name: 'version' })
    },
  },
  info: {
    usage: 'docker info [OPTIONS]',
    ...{ least: 0, most: 0, values: FORMAT },
    run: ({ flags, engine }) => {
      const DriverStatus = engine.containerd
        ? [['driver-type', 'io.containerd.snapshotter.v1']]
        : [['Backing Filesystem', 'extfs']]
      const value = { Driver: 'overlay2', DriverStatus }
      return formatted(flags.get(FORMAT), { value, type: 'system.dockerInfo' })
    },
  },
  login: {
    usage: 'docker login [OPTIONS] [SERVER]',
    ...{ least: 0, most: 1, flags: 'password-stdin', values: 'username', input: true },
    run: ({ args: [server = ''], ...given }) => login({ server, ...given }),
  },
  pull: {
    usage: 'docker pull [OPTIONS] NAME[:TAG|@DIGEST]',
    ...{ least: 1, most: 1, flags: 'quiet' },
    run: async ({ args: [reference = ''], flags, folder, engine, config }) => {
      const lines = await pull(folder, reference, engine, configured(config).auths ?? {})
      return flags.has('quiet') ? `${reference}\n` : lines
    },
  },
  tag: {
    usage: 'docker tag SOURCE_IMAGE[:TAG] TARGET_IMAGE[:TAG]',
    ...{ least: 2, most: 2 },
    run: ({ args: [source = '', target = ''], folder }) => tag(folder, source, target),
  },
  load: {
    usage: 'docker load [OPTIONS]',
    ...{ least: 0, most: 0, flags: 'quiet', input: true },
    run: ({ stdin, folder, engine }) => load(folder, stdin, engine),
  },
  'image ls': {
    usage: 'docker image ls [OPTIONS] [REPOSITORY[:TAG]]',
    ...{ least: 0, most: 0, flags: 'no-trunc digests', values: FORMAT },
    run: ({ flags, folder }) => {
      const rows = listImages(folder).map((row) => ({
        ...row,
        ID: flags.has('no-trunc') ? row.ID : row.ID.slice(7, 19),
        Digest: flags.has('digests') || flags.get(FORMAT)?.includes('.Digest') ? row.Digest : '<none>',
      }))
      const lines = rows.map((row) =>
        formatted(flags.get(FORMAT), { value: row, type: '*formatter.imageContext' }),
      )
      return (flags.has(FORMAT) ? '' : 'REPOSITORY   TAG   IMAGE ID   CREATED   SIZE\n') + lines.join('')
    },
  },
  'image inspect': {
    usage: 'docker image inspect [OPTIONS] IMAGE [IMAGE...]',
    ...{ least: 1, most: MANY, values: FORMAT },
    run: ({ args, flags, folder }) => {
      const images = args.map((reference) => describe(folder, reference))
      return flags.has(FORMAT)
        ? images.map((value) => formatted(flags.get(FORMAT), { value })).join('')
        : `${JSON.stringify(images, undefined, 4)}\n`
    },
  },
  create: {
    usage: 'docker create [OPTIONS] IMAGE [COMMAND] [ARG...]',
    ...{ least: 1, most: MANY, stops: true },
    flags: 'init interactive no-healthcheck privileged publish-all quiet read-only rm tty',
    values:
      'add-host cap-add cap-drop cgroup-parent cpus dns entrypoint env env-file expose group-add hostname ip ipc label link log-driver log-opt memory memory-reservation memory-swap name network network-alias pid pids-limit publish restart shm-size stop-signal stop-timeout tmpfs ulimit user volume volumes-from workdir',
    run: ({ args: [image = ''], flags, folder }) => create(folder, image, flags),
  },
  start: {
    usage: 'docker start [OPTIONS] CONTAINER [CONTAINER...]',
    ...{ least: 1, most: MANY },
    run: ({ args, folder }) => args.map((name) => start(folder, name)).join(''),
  },
  attach: {
    usage: 'docker attach [OPTIONS] CONTAINER',
    ...{ least: 1, most: 1, flags: 'sig-proxy no-stdin' },
    run: async ({ args: [name = ''], folder, onInput }) => {
      onInput(await attach(folder, name))
      return ''
    },
  },
  rm: {
    usage: 'docker rm [OPTIONS] CONTAINER [CONTAINER...]',
    ...{ least: 1, most: MANY, flags: 'force volumes' },
    run: ({ args, flags, folder }) =>
      args
        .map((name) => {
          if (remove(folder, name, flags.has('force'))) return `${name}\n`
          process.stderr.write(`Error response from daemon: No such container: ${name}\n`)
          return ''
        })
        .join(''),
  },
}
