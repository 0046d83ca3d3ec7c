import type { Docker } from './docker.ts'

export interface LoginOptions {
  registry: string
  username: string
  /** May be still to come: the command starts at once, and reads it when it comes. */
  secret: string | Promise<string>
}

/**
 * Signs in to a registry. The login is kept in the docker config that the command is bound to; removing that config is
 * the logout (`docker logout` would do no more than take the entry out of it).
 *
 * @throws {PipeError} with the registry's or the engine's answer
 */
export const login = async (docker: Docker, { registry, username, secret }: LoginOptions): Promise<void> => {
  await docker(['login', '--username', username, '--password-stdin', registry], { input: secret })
}
