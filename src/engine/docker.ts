import { existsSync } from 'node:fs'
import { Readable } from 'node:stream'
import { PipeError } from '../errors.ts'
import type { Environment } from '../settings/environment.ts'
import { run } from './child.ts'
import { engineError } from './failure.ts'

// Bitbucket mounts a docker CLI of its own over /usr/local/bin/docker; ours lies where no mount hides it.
const BUNDLED = '/opt/packages-pull/bin/docker'

// What a docker command needs: no secrets of the step, and no proxies, because the CLI would look for the engine behind
// them, and it is the engine that reaches the registry.
const PASSED = ['PATH', 'DOCKER_HOST', 'DOCKER_TLS_VERIFY', 'DOCKER_CERT_PATH', 'DOCKER_API_VERSION']

interface DockerOptions {
  /** Standard input: the only way by which a secret or an archive reaches a command. */
  input?: string | Promise<string> | Readable
  /** Called with each line of standard output while the command runs. */
  onLine?: ((line: string) => void) | undefined
  /** Ends this command in place of the run's own signal. */
  signal?: AbortSignal
}

/** Runs one docker command, with the login that it is bound to, and returns what it wrote to standard output. */
export type Docker = (args: readonly string[], options?: DockerOptions) => Promise<string>

/** Binds docker commands to the login of a docker config, which is given by its folder. */
export type DockerWith = (config: string) => Docker

interface Context {
  env: Environment
  signal: AbortSignal
  /** Called after each command with its arguments, exit code and duration in milliseconds. */
  onCommand: (args: readonly string[], exitCode: number | undefined, milliseconds: number) => void
}

/**
 * The docker CLI, run with an argument list and judged by its exit code.
 *
 * A command throws {PipeError} with what the CLI said, and the signal's reason when it was aborted.
 */
export const createDocker = ({ env, signal: whole, onCommand }: Context): DockerWith => {
  const { program, passed } = cli(env)
  return (config) =>
    async (args, { input, onLine, signal = whole } = {}) => {
      signal.throwIfAborted()
      const result = await run(program, ['--config', config, ...args], {
        env: passed,
        extendEnv: false,
        signal,
        ...(input === undefined
          ? { stdin: 'ignore' }
          : { input: input instanceof Promise ? Readable.from(later(input)) : input }),
        stdout: [
          bounded({ first: LONGEST_OUTPUT, last: 0 }),
          ...(onLine === undefined ? [] : [lineByLine(onLine)]),
        ],
        stderr: bounded({ first: LONGEST_ERROR, last: LONGEST_ERROR }),
      })
      onCommand(args, result.exitCode, result.durationMs)
      signal.throwIfAborted()
      if (result.code === 'ENOENT')
        throw new PipeError('PKG-CLI-MISSING', `There is no program ${program} here.`)
      if (result.failed) throw engineError(args, result.stderr || result.originalMessage || '')
      return result.stdout
    }
}

// A list of all images of an engine is not longer; of what it writes to standard error, the beginning and the end tell
// what went wrong.
const LONGEST_OUTPUT = 24_000_000
const LONGEST_ERROR = 50_000

const lineByLine = (onLine: (line: string) => void) =>
  function* (line: unknown) {
    onLine(String(line))
    yield line
  }

const bounded = ({ first, last }: { first: number; last: number }) => {
  let left = first
  let end = Buffer.alloc(0)
  return {
    binary: true,
    *transform(chunk: unknown) {
      const kept = (chunk as Uint8Array).subarray(0, left)
      const rest = (chunk as Uint8Array).subarray(left)
      left -= kept.length
      if (kept.length > 0) yield kept
      if (last > 0 && rest.length > 0) end = Buffer.concat([end, rest]).subarray(-last)
    },
    *final() {
      if (end.length === last && last > 0) yield Buffer.from('\n')
      yield end
    },
  }
}

// The command starts now and waits for its input; it is ended if that does not come.
async function* later(input: Promise<string>) {
  yield await input
}

/** The docker CLI, and the part of the environment that it gets. */
export const cli = (env: Environment): { program: string; passed: Record<string, string> } => ({
  program: existsSync(BUNDLED) ? BUNDLED : 'docker',
  passed: Object.fromEntries(PASSED.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]]))),
})
