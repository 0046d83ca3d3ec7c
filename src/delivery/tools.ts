import { createDockerConfigs, type DockerConfigs } from '../engine/config.ts'
import { createDocker, type Docker } from '../engine/docker.ts'
import { patient } from '../engine/patience.ts'
import { PipeError } from '../errors.ts'
import { commandLine, type Log, seconds } from '../report/log.ts'
import type { Retry, RetryPolicy } from '../retry.ts'
import type { Environment } from '../settings/environment.ts'
import type { Settings } from '../settings/settings.ts'
import { type Clients, createClients } from '../lookup/clients.ts'

/** What every part of a delivery works with. */
export interface Tools {
  docker: Docker
  configs: DockerConfigs
  clients: Clients
  log: Log
  /** Aborted with a {PipeError} when the step is stopped or TIMEOUT is over. */
  signal: AbortSignal
  /** The one retry policy of a run, for requests to a registry and commands of docker alike. */
  retrying: RetryPolicy
  /** Removes every login and ends every connection. */
  close(): Promise<void>
}

/** Opens the tools of a run, and starts the clock of TIMEOUT. */
export const openTools = (settings: Settings, env: Environment, log: Log, stopped: AbortSignal): Tools => {
  const { timeout, maxAttempts } = settings
  const over = new AbortController()
  const timer = setTimeout(() => over.abort(timedOut(timeout)), timeout)
  const signal = AbortSignal.any([stopped, over.signal])
  const retrying = {
    maxAttempts,
    deadline: Date.now() + timeout,
    signal,
    onRetry: (again: Retry) => log.warning(retryLine(again, maxAttempts)),
  }
  const configs = createDockerConfigs()
  // However the process ends, the logins end with it.
  process.once('exit', configs.removeAll)
  const command = createDocker({
    env,
    signal,
    onCommand: commandLine(log),
  })
  const docker = patient(command, signal)
  const clients = createClients(settings, env, log, retrying)
  return {
    docker,
    configs,
    clients,
    log,
    signal,
    retrying,
    async close() {
      configs.removeAll()
      process.off('exit', configs.removeAll)
      clearTimeout(timer)
      await clients.close()
    },
  }
}

const timedOut = (timeout: number) =>
  new PipeError('PKG-TIMEOUT', `The images were not delivered within TIMEOUT (${seconds(timeout)}).`)

const retryLine = ({ error, attempt, delayMs }: Retry, maxAttempts: number) => {
  const said = error.said === undefined ? '' : ` (${error.said})`
  return `${error.code}: ${error.message}${said}; next try in ${seconds(delayMs)}, attempt ${attempt + 1} of ${maxAttempts}`
}
