import { setTimeout as sleep } from 'node:timers/promises'
import { PipeError } from '../errors.ts'
import type { Docker } from './docker.ts'

export interface ContainerOptions {
  name: string
  image: string
  /** Program and arguments of the first process, whatever the image's ENTRYPOINT is. */
  command: readonly string[]
  /** A folder that the container has at the same path. */
  folder: string
  workingFolder: string
  /** Address of the engine's host, where the services of the step are. */
  host: string | undefined
  /** Aborted when the step is stopped. */
  signal: AbortSignal
}

/**
 * Starts a container that waits for its standard input. The engine removes it when it ends.
 *
 * @throws {PipeError} with what the engine says
 */
export const start = async (
  docker: Docker,
  { name, image, command: [program = '', ...args], folder, workingFolder, host, signal }: ContainerOptions,
): Promise<void> => {
  const options = [
    `--name=${name}`,
    '--rm',
    '--interactive',
    '--no-healthcheck',
    // Bitbucket's engine allows neither --mount nor any folder outside of the clone.
    `--volume=${folder}:${folder}`,
    `--workdir=${workingFolder}`,
    ...(host === undefined ? [] : [`--add-host=host.docker.internal:${host}`]),
    `--entrypoint=${program}`,
  ]
  signal.throwIfAborted()
  // A stopped step must not leave a container that the engine makes after the command was ended.
  const late = new AbortController()
  const end = () => setTimeout(() => late.abort(signal.reason), CREATION).unref()
  signal.addEventListener('abort', end, { once: true })
  try {
    await docker(['create', ...options, image, ...args], { signal: late.signal })
  } finally {
    signal.removeEventListener('abort', end)
  }
  await docker(['start', name])
}

// How long a stopped step waits for the engine to have made the container that it is to remove.
const CREATION = 3000

// Bounds the whole removal, which also happens when the step is stopped: Bitbucket waits no longer than ten seconds in
// all.
const REMOVAL = 3000
const PAUSE = 100

/**
 * Ends and removes a container, and returns when it is gone, even if by itself. Stopping the step does not end this
 * command.
 *
 * @param mayCome whether the engine may be making it still, because the command that asked for it was cut off
 * @throws {PipeError} with what the engine says
 */
export const remove = async (docker: Docker, name: string, mayCome: boolean): Promise<void> => {
  const signal = AbortSignal.timeout(REMOVAL)
  const last = performance.now() + REMOVAL - 2 * PAUSE
  for (;;) {
    try {
      await docker(['rm', '--force', '--volumes', name], { signal })
      return
    } catch (error) {
      const said = error instanceof PipeError ? (error.said ?? '') : ''
      const isNone = /\bno such container\b/i.test(said)
      if (isNone && !(mayCome && performance.now() < last)) return
      const going = /\bremoval of container \S{1,200} is already in progress\b/.test(said)
      if (!isNone && !going) throw error
    }
    await sleep(PAUSE, undefined, { signal })
  }
}
