import { readdir, realpath, rm, symlink } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { execa } from 'execa'
import { cached } from '../cache.ts'
import { unpackPackages } from '../images/debian.ts'

/** An engine: the Debian that has it, and what it is told besides. */
interface Engine {
  suite: string
  /** The version begins so; sid moves on, and then the name here has to. */
  version: string
  /** Its `daemon.json`. */
  config: object
}

/** The engines of the laboratory, by the name that tests give them. Bitbucket's is 25.0.5; 26.1 is the nearest. */
export const engines = {
  '20.10': { suite: 'bookworm', version: '20.10.', config: {} },
  '26.1': { suite: 'trixie', version: '26.1.', config: {} },
  '28.5': { suite: 'sid', version: '28.5.', config: { features: { 'containerd-snapshotter': false } } },
  '28.5-containerd': {
    suite: 'sid',
    version: '28.5.',
    config: { features: { 'containerd-snapshotter': true } },
  },
} satisfies Record<string, Engine>

export type EngineName = keyof typeof engines

const names = Object.keys(engines) as EngineName[]

/** The engines that LAB_ENGINES names, or `all` of them; unless told, the oldest and the one nearest to Bitbucket's. */
export const selectedEngines = (wanted = process.env.LAB_ENGINES ?? '20.10,26.1'): EngineName[] => {
  if (wanted === 'all') return names
  const unknown = wanted.split(',').filter((name) => !names.some((known) => known === name))
  if (unknown.length > 0)
    throw new Error(`LAB_ENGINES: no engine ${unknown.join(', ')}, only ${names.join(', ')}`)
  return names.filter((name) => wanted.split(',').includes(name))
}

/** The root folder that has an engine; `/` where the machine's own Debian has it. Made once, when it is asked for. */
export const engineRoot = async (name: EngineName): Promise<string> => {
  const { suite, version } = engines[name]
  if ((await ownVersion()).startsWith(version)) return '/'
  return cached(`engine-${suite}`, async (temporary) => {
    console.log(`laboratory: unpacking the engine of Debian ${suite} (once, a quarter of a minute)`)
    const root = await unpackPackages(temporary, suite, packages)
    for (const folder of ['doc', 'locale', 'man'])
      await rm(join(root, 'usr/share', folder), { recursive: true, force: true })
    await chooseFilter(root)
    console.log(`laboratory: Debian ${suite} has ${await nameOf(temporary, 'docker.io_')}`)
    return root
  })
}

/** The engine that a step has unless told: the one of the machine's own Debian, as Debian sets it up. */
export const ownEngine = async (): Promise<EngineName | undefined> => {
  const version = await ownVersion()
  return names.find((name) => version.startsWith(engines[name].version))
}

const ownVersion = async (): Promise<string> => {
  const { stdout } = await execa('/usr/sbin/dockerd', ['--version'])
  return / version (\S+?),/.exec(stdout)?.[1] ?? ''
}

// The rest is what a daemon's root needs to be entered, and the programs that unpack layers.
const packages = [
  'docker.io',
  'iptables',
  'busybox-static',
  'base-files',
  'dash',
  'coreutils',
  'mount',
  'kmod',
  'xz-utils',
  'ca-certificates',
]

// The same kind of packet filter as the machine's, whose kernel has that one: Debian chooses it when it configures.
const chooseFilter = async (root: string): Promise<void> => {
  const program = basename(await realpath('/usr/sbin/iptables'))
  const commands = ['iptables', 'iptables-save', 'iptables-restore']
  for (const name of [...commands, ...commands.map((name) => name.replace('ip', 'ip6'))]) {
    await symlink(program, join(root, 'usr/sbin', name))
  }
}

const nameOf = async (dir: string, start: string): Promise<string | undefined> =>
  (await readdir(join(dir, 'archives'))).find((name) => name.startsWith(start))
