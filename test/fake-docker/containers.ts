// An engine's containers in a folder: a file by name. No program runs in them.
import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { daemon, EngineError, find, write } from './images.ts'

const containerFile = (folder: string, name: string) => join(folder, 'containers', name)

/** Makes a container of an image. */
export const create = (folder: string, image: string, flags: Map<string, string>): string => {
  const name = flags.get('name') ?? randomBytes(6).toString('hex')
  if (find(folder, image) === undefined)
    throw new EngineError(
      `Unable to find image '${image}' locally\nError response from daemon: No such image: ${image}`,
    )
  if (existsSync(containerFile(folder, name)))
    throw daemon(
      `Conflict. The container name "/${name}" is already in use by container "${name}". You have to remove (or rename) that container to be able to reuse that name.`,
    )
  write(folder, containerFile(folder, name), { running: false, rm: flags.has('rm') })
  return `${randomBytes(32).toString('hex')}\n`
}

const containerOf = (folder: string, name: string): { running: boolean; rm: boolean } | undefined =>
  existsSync(containerFile(folder, name))
    ? JSON.parse(readFileSync(containerFile(folder, name), 'utf8'))
    : undefined

/** Has a container run. */
export const start = (folder: string, name: string): string => {
  const container = containerOf(folder, name)
  if (container === undefined)
    throw daemon(`No such container: ${name}\nError: failed to start containers: ${name}`)
  write(folder, containerFile(folder, name), { ...container, running: true })
  return `${name}\n`
}

/**
 * A container whose shell reads its program to the last line, and ends.
 *
 * @returns the program
 */
export const attach = async (folder: string, name: string): Promise<string> => {
  const container = containerOf(folder, name)
  if (container === undefined) throw daemon(`No such container: ${name}`)
  if (!container.running) throw new EngineError('You cannot attach to a stopped container, start it first')
  let program = ''
  for await (const chunk of process.stdin) {
    program += String(chunk)
    if (program.endsWith('\n}\n')) break
  }
  if (container.rm) remove(folder, name, true)
  return program
}

/**
 * Removes a container.
 *
 * @returns whether it was there; without force, one that is not is an error
 */
export const remove = (folder: string, name: string, force: boolean): boolean => {
  const container = containerOf(folder, name)
  if (container === undefined && !force) throw daemon(`No such container: ${name}`)
  if (container?.running && !force)
    throw daemon(
      `cannot remove container "/${name}": container is running: stop the container before removing or force remove`,
    )
  rmSync(containerFile(folder, name), { force: true })
  return container !== undefined
}
