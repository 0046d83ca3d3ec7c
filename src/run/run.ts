import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import type { DeliveredImage } from '../delivered.ts'
import type { Attached } from '../engine/attach.ts'
import { openEngine } from '../engine/engine.ts'
import { PipeError } from '../errors.ts'
import { commandLine } from '../report/command-line.ts'
import type { Log } from '../report/log.ts'
import type { Ran } from '../report/outputs.ts'
import { type Environment, lookUp } from '../settings/environment.ts'
import { wayBelow } from '../settings/folder.ts'
import type { RunSettings } from '../settings/run.ts'
import { seconds, secondsSince } from '../units.ts'
import { environmentOf } from './environment.ts'
import { commandOf, GRACE, programOf } from './program.ts'

interface Around {
  env: Environment
  log: Log
  /** Aborted with a {PipeError} when the step is stopped. */
  signal: AbortSignal
}

/**
 * Runs the commands of `RUN` in a container of an image. Their output is the pipe's.
 *
 * @throws {PipeError} when they could not be run to their end: PKG-RUN-SHELL where the image has no shell,
 * the reason of the signal where the step was stopped, else what the engine says
 */
export const runCommands = async (image: DeliveredImage, run: RunSettings, around: Around): Promise<Ran> => {
  const { env, log, signal } = around
  const { anonymous: engine, end } = openEngine({ env, signal, onCommand: commandLine(log) })
  const name = `packages-pull-run-${randomUUID()}`
  let isMade = false
  const removeIt = () => engine.remove(name, signal.aborted && !isMade)

  log.info(`Running the commands of RUN in ${image.reference}`)
  const started = performance.now()
  try {
    await startShell({ image, run, removeIt }, (command) =>
      engine.start({
        name,
        image: image.id,
        command,
        folder: run.cloneFolder,
        workingFolder: workingFolder(run.cloneFolder),
        host: lookUp(env, 'BITBUCKET_DOCKER_HOST_INTERNAL'),
        signal,
      }),
    )
    isMade = true
    const program = programOf({ ...run, environment: environmentOf(env, run) })
    const exitCode = await talk(engine.attach(name, program), signal, removeIt)
    // An engine that is gone by now is why the commands ended, and says so here.
    await removeIt()
    if (exitCode === 137) log.warning(KILLED)
    log.debug(`The commands of RUN took ${seconds(performance.now() - started)}`)
    return { exitCode, seconds: secondsSince(started) }
  } catch (error) {
    await removeIt().catch((failure: unknown) => log.warning(`The container ${name} may be left: ${failure}`))
    signal.throwIfAborted()
    throw error
  } finally {
    await end()
  }
}

const KILLED =
  'A process was killed (137). Most often that is the memory limit of the docker service, 1024 MB by default: definitions: services: docker: memory'

// Where the step is, if that is in the clone: `cd` lines before the pipe count.
const workingFolder = (cloneFolder: string) => {
  const way = wayBelow(process.cwd(), cloneFolder)
  return way ? join(cloneFolder, way) : cloneFolder
}

interface Shell {
  image: DeliveredImage
  run: RunSettings
  removeIt: () => Promise<void>
}

const startShell = async (
  { image: { reference }, run: { shell }, removeIt }: Shell,
  startWith: (command: string[]) => Promise<void>,
) => {
  // Hardly an image has a bash and no /bin/sh, and only those wait for a second start.
  const commands = shell === undefined ? [commandOf(undefined), commandOf(['bash'])] : [commandOf(shell)]
  for (const [index, command] of commands.entries()) {
    try {
      await startWith(command)
      return
    } catch (error) {
      const missing = error instanceof PipeError && NO_PROGRAM.test(error.said?.slice(0, LONGEST_SAID) ?? '')
      if (!missing) throw error
      if (index < commands.length - 1) {
        await removeIt()
        continue
      }
      const what = shell === undefined ? 'neither /bin/sh nor bash' : `no program ${shell[0]}`
      throw new PipeError('PKG-RUN-SHELL', `${reference} has ${what}.`, { said: error.said })
    }
  }
}

// The engine says it in a line.
const LONGEST_SAID = 2000

const NO_PROGRAM =
  /\bexec: "[^"]*": .*(?:no such file or directory|executable file not found|permission denied|is a directory)|\bexecutable file \S+ not found\b/

/** Waits for the commands; when the step is stopped, asks them to end, and ends them after the grace period. */
const talk = async (
  { exitCode, endInput, abandon }: Attached,
  signal: AbortSignal,
  end: () => Promise<void>,
): Promise<number> => {
  let timer: NodeJS.Timeout | undefined
  const stop = () => {
    endInput()
    timer = setTimeout(() => end().then(abandon, abandon), GRACE * 1000)
  }
  signal.addEventListener('abort', stop, { once: true })
  if (signal.aborted) stop()
  try {
    const code = await exitCode
    signal.throwIfAborted()
    if (code === undefined)
      throw new PipeError('PKG-ENGINE', 'The docker CLI ended before the commands of RUN.')
    return code
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', stop)
  }
}
