import { existsSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { execa } from 'execa'
import { type FakeDocker, fakeDocker } from '../fake-docker.ts'
import { imageManifest, serveBasic, servePackage } from '../fake-package.ts'
import { startFake } from '../fake-registry.ts'
import { BUNDLE, TOKEN, USERNAME } from '../run-pipe.ts'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGKILL'] as const

/** One pipe that was ended at a random moment, and what was wrong afterwards. */
export interface Killed {
  signal: (typeof SIGNALS)[number]
  /** Milliseconds after its start. */
  after: number
  /** Whether it had ended by itself before. */
  wasOver: boolean
  faults: string[]
}

/**
 * Ends that many pipes by a signal at a random moment, one after the other, and starts the same command again after
 * each. `onKilled` hears of each; nothing is thrown for a pipe that does badly.
 */
export const killPipes = async (count: number, onKilled: (killed: Killed) => void): Promise<Killed[]> => {
  const registry = await startFake({ fallback: { status: 404 } })
  serveBasic(registry, { [USERNAME]: TOKEN })
  servePackage(registry, 'acme/base', { '1.4': imageManifest('base') })
  const all: Killed[] = []
  try {
    // One that is let be tells how long there is to choose from.
    const started = performance.now()
    const first = await again(surroundings(registry.host))
    if (first.length > 0) throw new Error(first.join('\n'))
    const longest = (performance.now() - started) * 1.1
    for (let index = 0; index < count; index++) {
      const signal = SIGNALS[index % SIGNALS.length] ?? 'SIGTERM'
      const killed = await killOne(surroundings(registry.host), signal, Math.random() * longest)
      onKilled(killed)
      all.push(killed)
    }
    return all
  } finally {
    await registry.close()
  }
}

interface Surroundings {
  clone: string
  docker: FakeDocker
  env: Record<string, string>
}

const surroundings = (host: string): Surroundings => {
  const clone = mkdtempSync(join(tmpdir(), 'kill-'))
  // A command that takes a moment, so that there is something to end.
  const slow = { script: 'sleep 0.1' }
  const docker = fakeDocker({ answers: { login: slow, pull: slow, create: slow, start: slow } })
  const env = {
    PATH: docker.path,
    NO_COLOR: '1',
    TMPDIR: clone,
    BITBUCKET_WORKSPACE: 'acme',
    BITBUCKET_CLONE_DIR: clone,
    BITBUCKET_PACKAGES_USERNAME: USERNAME,
    BITBUCKET_PACKAGES_TOKEN: TOKEN,
    OUTPUT_DIR: 'out',
    REGISTRY: host,
    IMAGE: 'base:1.4',
    RUN: 'true',
  }
  return { clone, docker, env }
}

const start = ({ clone, env }: Surroundings) =>
  execa(process.execPath, [BUNDLE], {
    env,
    cwd: clone,
    extendEnv: false,
    reject: false,
    all: true,
    stdin: 'ignore',
    timeout: 15_000,
    killSignal: 'SIGKILL',
  })

const killOne = async (around: Surroundings, signal: Killed['signal'], after: number): Promise<Killed> => {
  const pipe = start(around)
  await sleep(after)
  const sent = performance.now()
  const wasOver = !pipe.kill(signal)
  const { exitCode, all } = await pipe
  const took = performance.now() - sent
  // What a killed pipe had started has ended by itself by then.
  if (signal === 'SIGKILL') await sleep(500)
  const faults = []
  const expected: Record<string, number | undefined> = { SIGINT: 130, SIGTERM: 143 }
  if (took > 8000) faults.push(`ended ${Math.round(took)} ms after ${signal}`)
  // Before the program listens, a signal ends it as it ends any other; at its end it may have succeeded.
  if (![0, undefined, expected[signal]].includes(exitCode)) faults.push(`exit code ${exitCode}: ${all}`)
  faults.push(...leftOf(around, signal === 'SIGKILL'), ...(await again(around)))
  rmSync(around.clone, { recursive: true, force: true })
  return { signal, after, wasOver, faults }
}

// The same command once more, where the one before it was ended.
const again = async (around: Surroundings): Promise<string[]> => {
  const { exitCode, all } = await start(around)
  const faults = leftOf(around, true)
  return exitCode === 0 ? faults : [`the next one ended with ${exitCode}: ${all}`, ...faults]
}

// Who is killed outright can remove nothing: its login is in a memory that goes with its container.
const leftOf = ({ clone, docker }: Surroundings, wasKilled: boolean): string[] => {
  const folders = docker.calls().map(({ config }) => config.folder)
  const configs = wasKilled ? [] : [...new Set(folders)].filter((folder) => existsSync(folder))
  if (wasKilled)
    for (const folder of folders) if (folder !== '') rmSync(folder, { recursive: true, force: true })
  const containers = readdirSync(join(docker.path.split(':')[0] ?? '', 'containers'))
  return [
    ...configs.map((folder) => `the login ${folder} is left`),
    ...(wasKilled ? [] : containers.map((name) => `the container ${name} is left`)),
    ...processesIn(clone).map((line) => `a process is left: ${line}`),
  ]
}

const processesIn = (folder: string): string[] =>
  readdirSync('/proc').flatMap((pid) => {
    try {
      const isOurs = /^\d+$/.test(pid) && readlinkSync(`/proc/${pid}/cwd`) === folder
      return isOurs ? [readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')] : []
    } catch {
      return []
    }
  })
