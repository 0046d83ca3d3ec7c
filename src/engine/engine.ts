import { type Attached, attach } from './attach.ts'
import { killAll } from './child.ts'
import { createDockerConfigs } from './config.ts'
import { type ContainerOptions, remove, start } from './container.ts'
import { createDocker, type Docker, type DockerWith } from './docker.ts'
import { type EngineImage, inspect, listImages, load, pull, tag } from './images.ts'
import { type EngineImages, engineImages } from './listed.ts'
import { type LoginOptions, login } from './login.ts'
import { patient } from './patience.ts'
import { askVersion, type EngineVersion, usesContainerd } from './version.ts'

/**
 * The step's engine, as one login sees it. Each operation throws a {PipeError} with the engine's answer if it fails.
 */
export interface Engine {
  version(): Promise<EngineVersion>
  usesContainerd(): Promise<boolean>
  /** Lists its images. */
  images(): Promise<EngineImages>
  inspect(reference: string): Promise<EngineImage>
  pull(reference: string, onLine?: (line: string) => void): Promise<void>
  tag(source: string, target: string): Promise<void>
  load(archive: AsyncIterable<Buffer>): Promise<void>
  start(container: ContainerOptions): Promise<void>
  /** Connects a container with the streams of this process; `input` is what its own begins with. */
  attach(name: string, input: string): Attached
  /** `mayCome`: see `remove` in container.ts. */
  remove(name: string, mayCome?: boolean): Promise<void>
}

/** The engine of a run, without a login and with each. */
export interface Logins {
  anonymous: Engine
  /** Signs in with one credential; the engine that is returned pulls with it. */
  login(options: LoginOptions): Promise<Engine>
  /**
   * The engine that pulls with a token that a registry gave for some repository. It shows the token to the registry
   * alone, and asks no realm for another one.
   */
  withToken(registry: string, token: string): Engine
  /** Waits until every command has ended, for which the signal must be aborted, and removes every login. */
  end(): Promise<void>
}

interface Context extends Omit<Parameters<typeof createDocker>[0], 'signal'> {
  /** Ends every command. */
  signal: AbortSignal
  /** Host of the registry that logins are for, if there are any. */
  registry?: string
}

/** Opens the engine of a run. The logins are removed when the process exits, unless it is killed outright. */
export const openEngine = ({ env, signal, onCommand, registry }: Context): Logins => {
  const { dockerWith, settled } = tracked(patient(createDocker({ env, signal, onCommand }), signal))
  const configs = createDockerConfigs()
  // To the end, whatever ends the process.
  process.once('exit', () => {
    killAll()
    configs.removeAll()
  })
  const engineOf = (config: string) =>
    createEngine(dockerWith(config), (name, input) => attach({ env, config, name, input }))
  return {
    anonymous: engineOf(configs.create(registry)),
    async login(options) {
      const config = configs.create(options.registry)
      await login(dockerWith(config), options)
      return engineOf(config)
    },
    withToken: (registry, token) => engineOf(configs.create(registry, token)),
    async end() {
      // A login that is still being written would come back after its folder was removed.
      await settled()
      configs.removeAll()
    },
  }
}

const tracked = (dockerWith: DockerWith) => {
  const running = new Set<Promise<string>>()
  return {
    dockerWith: (config: string): Docker => {
      const docker = dockerWith(config)
      return (args, options) => {
        const command = docker(args, options)
        running.add(command)
        const ended = () => running.delete(command)
        command.then(ended, ended)
        return command
      }
    },
    settled: () => Promise.allSettled(running),
  }
}

const createEngine = (docker: Docker, attachTo: Engine['attach']): Engine => ({
  version: () => askVersion(docker),
  usesContainerd: () => usesContainerd(docker),
  images: async () => engineImages(await listImages(docker)),
  inspect: (reference) => inspect(docker, reference),
  pull: (reference, onLine) => pull(docker, reference, onLine),
  tag: (source, target) => tag(docker, source, target),
  load: (archive) => load(docker, archive),
  start: (container) => start(docker, container),
  attach: attachTo,
  remove: (name, mayCome = false) => remove(docker, name, mayCome),
})
