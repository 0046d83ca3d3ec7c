import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { execa } from 'execa'
import { type Call, type FakeDockerOptions, fakeDocker } from './fake-docker.ts'
import { type FakeRegistry, startFake } from './fake-registry.ts'
import { scan } from './secret-scan.ts'

/** What is shipped, and what the tests of behaviour run. */
export const BUNDLE = join(import.meta.dirname, '../dist/pipe.mjs')

/** The built-in credentials of the step. */
export const USERNAME = 'x-packages'
export const TOKEN = 'tok-3f9a1c77'

export interface PipeOptions extends FakeDockerOptions {
  /** Where the images are. */
  registry: Pick<FakeRegistry, 'host' | 'requests'>
  /** Variables of the pipe and of the step, besides `base:1.4` of a workspace and the step's credentials. */
  variables?: Record<string, string>
  /** The folder of the step. */
  cwd?: string
  /** What starts the pipe, where it is to have other surroundings: a program and its arguments. */
  wrapper?: readonly string[]
  /** Ends the pipe by a signal as soon as it has called docker with such words, or as soon as that has read its input. */
  stop?: { signal: 'SIGINT' | 'SIGTERM' | 'SIGHUP'; at: string; hasRead?: boolean }
}

export interface PipeRun {
  /** Undefined where a signal ended the process. */
  exitCode: number | undefined
  /** Both of its streams, as the step's log shows them. */
  log: string
  /** Every command of docker, by its start. */
  calls: () => Call[]
  /** The same as lines; without those that ask what the engine has and is beside whatever else happens, and logins that were started ahead and got no secret. */
  commands: () => string[]
  /** What the pipe itself asked the registry, `GET /path` each. */
  requests: string[]
  /** A file of the output folder. */
  read: (name: string) => string
  /** `result.json`. */
  // biome-ignore lint/suspicious/noExplicitAny: the tests say what is in it.
  result: () => any
  seconds: number
}

// A test that waits for what never comes is to say so before its own time is over.
const LONGEST = 15_000

/**
 * Runs the bundle as Bitbucket runs it: a process of its own, with nothing in its environment but what the step has,
 * and a docker of its own.
 */
export const runPipe = async ({
  registry,
  variables = {},
  cwd,
  wrapper = [],
  stop,
  ...fake
}: PipeOptions): Promise<PipeRun> => {
  const docker = fakeDocker(fake)
  const output = mkdtempSync(join(tmpdir(), 'pipe-output-'))
  const temporary = mkdtempSync(join(tmpdir(), 'pipe-temporary-'))
  const env = {
    PATH: docker.path,
    TMPDIR: temporary,
    NO_COLOR: '1',
    BITBUCKET_WORKSPACE: 'acme',
    BITBUCKET_REPO_FULL_NAME: 'acme/app',
    BITBUCKET_PACKAGES_USERNAME: USERNAME,
    BITBUCKET_PACKAGES_TOKEN: TOKEN,
    BITBUCKET_PIPE_STORAGE_DIR: output,
    REGISTRY: registry.host,
    IMAGE: 'base:1.4',
    ...variables,
  }
  const before = registry.requests.length
  const started = performance.now()
  const options = {
    env,
    extendEnv: false,
    reject: false,
    all: true,
    stdin: 'ignore',
    stripFinalNewline: false,
  } as const
  const [program = '', ...args] = [...wrapper, process.execPath, BUNDLE]
  const running = execa(program, args, {
    ...options,
    ...(cwd === undefined ? {} : { cwd }),
    timeout: LONGEST,
    killSignal: 'SIGKILL',
  })
  if (stop !== undefined) {
    const ended = running.then(() => true)
    const isAt = ({ args, stdin }: Call) =>
      args.join(' ').startsWith(stop.at) && (stdin !== '' || !stop.hasRead)
    while (!docker.calls().some(isAt)) if (await Promise.race([ended, sleep(20)])) break
    running.kill(stop.signal)
  }
  const { exitCode, all: log, timedOut } = await running
  if (timedOut) throw new Error(`The pipe was still running after ${LONGEST / 1000} s:\n${log}`)
  // Nothing goes on behind the result.
  if (!/(?:^|\n)[✔✖] [^\n]*\n$/.test(log)) throw new Error(`The log does not end with the result:\n${log}`)

  // In every test, whatever it is about.
  const calls = docker.calls()
  const leaks = scan(credentialsIn(env), {
    texts: {
      'the log': log,
      'the arguments of docker': calls.flatMap(({ args }) => args).join('\n'),
      'the environment of docker': calls.flatMap(({ values }) => values).join('\n'),
    },
    folders: [
      ...new Set([
        ...[output, temporary, cwd, variables.BITBUCKET_CLONE_DIR, variables.OUTPUT_DIR].flatMap(
          (folder) => folder ?? [],
        ),
        ...calls.map(({ config }) => config.folder),
      ]),
    ],
  })
  if (leaks.length > 0) throw new Error(`A credential was let out:\n${leaks.join('\n')}\n${log}`)

  const read = (name: string) => readFileSync(join(variables.OUTPUT_DIR ?? output, name), 'utf8')
  const commands = () =>
    docker
      .calls()
      .filter(({ args, stdin }) => args[0] !== 'login' || stdin !== '')
      .map(({ args }) => args.join(' ').replaceAll(registry.host, 'REGISTRY'))
      .filter((command) => !/^(?:image ls|version) /.test(command))
  return {
    ...{ exitCode, log, calls: docker.calls, commands, read, result: () => JSON.parse(read('result.json')) },
    requests: registry.requests
      .slice(before)
      .filter(({ headers }) => !String(headers['user-agent']).startsWith('docker/'))
      .map(({ method, path }) => `${method} ${path}`),
    seconds: (performance.now() - started) / 1000,
  }
}

// What is shorter may be any word.
const credentialsIn = (env: Record<string, string>): string[] =>
  [env.BITBUCKET_PACKAGES_TOKEN, env.API_TOKEN].flatMap((secret = '') =>
    secret.length < 8 ? [] : [secret.trim()],
  )

/** The address of a registry where nobody listens any more. */
export const closedHost = async (): Promise<string> => {
  const { host, close } = await startFake()
  await close()
  return host
}
