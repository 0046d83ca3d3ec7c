import { execa } from 'execa'
import type { Environment } from '../settings/environment.ts'
import { cli } from './docker.ts'

/** The standard streams of a container: output and errors go where those of this process go. */
export interface Attached {
  /** The exit code of the container; undefined if the CLI did not exit by itself. */
  exitCode: Promise<number | undefined>
  /** Ends the standard input of the container. */
  endInput(): void
  /** Gives the container up, whatever it does. */
  abandon(): void
}

interface AttachOptions {
  env: Environment
  /** Folder of the docker config to use. */
  config: string
  /** The container. */
  name: string
  /** What its standard input begins with. */
  input: string
}

/**
 * Connects the streams of this process to a container that waits for its standard input. The CLI writes to them itself:
 * nothing is read, changed or kept here, however much it is.
 */
export const attach = ({ env, config, name, input }: AttachOptions): Attached => {
  const { program, passed } = cli(env)
  const child = execa(program, ['--config', config, 'attach', '--sig-proxy=false', name], {
    env: passed,
    extendEnv: false,
    stdin: 'pipe',
    stdout: 'inherit',
    stderr: 'inherit',
    reject: false,
  })
  // A container may end before it has read everything; that is no error here.
  child.stdin.on('error', () => {})
  child.stdin.write(input)
  return {
    exitCode: child.then(({ exitCode }) => exitCode),
    endInput: () => child.stdin.end(),
    abandon: () => child.kill('SIGKILL'),
  }
}
