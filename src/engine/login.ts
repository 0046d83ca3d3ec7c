import type { DockerConfigs } from './config.ts'
import type { Docker } from './docker.ts'

/**
 * Signs in to a registry with one credential and returns the docker config that holds the login. The removal of
 * that config is the logout: `docker logout` does no more than take the entry out of it.
 *
 * @param secret may be still to come: the command starts at once, and has it only then
 * @throws {PipeError} with the registry's or the engine's answer
 */
export const login = async (
  docker: Docker,
  configs: DockerConfigs,
  registry: string,
  username: string,
  secret: string | Promise<string>,
): Promise<string> => {
  const config = configs.create(registry)
  await docker(['login', '--username', username, '--password-stdin', registry], { config, input: secret })
  return config
}
