import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { addImage, type FakeEngine, type ListedImage } from './fake-docker/images.ts'

/** What the fake answers to the docker commands that begin with some words (`login`, `image inspect`). */
export interface Answer {
  /** Shell commands to run first; `$config` is the folder of the docker config. What they fail with is the answer. */
  script?: string
  /** Without any of these the engine does what it was asked for. */
  stdout?: string
  stderr?: string
  exitCode?: number
  /** Only the first such command is answered so. */
  once?: boolean
}

/** One call of the fake, as it saw it. */
export interface Call {
  args: string[]
  /** What it read, one character a byte; empty where it was ended before all of it was there. */
  stdin: string
  env: string[]
  /** The values of these. */
  values: string[]
  /** The docker config at the time of the call, and its file mode. */
  config: { folder: string; text: string; mode: string }
}

export interface FakeDockerOptions {
  /** Where a test is about what a real engine says only in trouble. The first that fits is given. */
  answers?: Record<string, Answer>
  /** What the engine has at the start. */
  images?: readonly ListedImage[]
  engine?: Partial<FakeEngine>
}

/** What the fake reads when it starts. */
export interface Script {
  answers: Record<string, Answer>
  engine: FakeEngine
}

export interface FakeDocker {
  /** For PATH. */
  path: string
  calls: () => Call[]
}

/** The program of `test/fake-docker/`, which `bundle.ts` builds. */
export const DOCKER_PROGRAM = join(import.meta.dirname, '../dist/test/docker.mjs')

/**
 * A real executable named docker in a folder of its own, with an engine that is a folder beside it. It takes what the
 * CLI takes and fails as the CLI fails (28, the one in the pipe's image; checked against it and an engine 20.10), pulls
 * manifests over HTTP from registries of this machine, keeps images and containers, and writes down each call.
 */
export const fakeDocker = ({
  answers = {},
  images = [],
  engine = {},
}: FakeDockerOptions = {}): FakeDocker => {
  const folder = mkdtempSync(join(tmpdir(), 'fake-docker-'))
  const script: Script = { answers, engine: { containerd: false, platform: 'linux/arm64/v8', ...engine } }
  for (const name of ['images', 'containers']) mkdirSync(join(folder, name))
  for (const image of images) addImage(folder, image)
  writeFileSync(join(folder, 'script.json'), JSON.stringify(script))
  writeFileSync(join(folder, 'calls'), '')
  const run = `exec '${process.execPath}' '${DOCKER_PROGRAM}' '${folder}' "$@"`
  writeFileSync(join(folder, 'docker'), `#!/bin/sh\n${run}\n`, { mode: 0o755 })
  return { path: `${folder}:/usr/bin:/bin`, calls: () => callsIn(join(folder, 'calls')) }
}

// Each call is a line when it starts, and one more when it has read its input; the last line may not be whole yet.
const callsIn = (path: string): Call[] => {
  const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1)
  const calls = new Map<number, Call>()
  for (const { pid, ...more } of lines.map((line) => JSON.parse(line) as Partial<Call> & { pid: number }))
    calls.set(pid, { stdin: '', ...calls.get(pid), ...more } as Call)
  return [...calls.values()]
}
