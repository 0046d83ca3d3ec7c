import { type Clock, startClock } from '../clock.ts'
import { type Logins, openEngine } from '../engine/engine.ts'
import { type Clients, createClients } from '../lookup/clients.ts'
import { commandLine } from '../report/command-line.ts'
import type { Log } from '../report/log.ts'
import type { Retry, RetryPolicy } from '../retry.ts'
import type { Secrets } from '../secrets.ts'
import type { Environment } from '../settings/environment.ts'
import type { Settings } from '../settings/settings.ts'
import { seconds } from '../units.ts'

/** What every part of a delivery works with. */
export interface Tools {
  engine: Logins
  clients: Clients
  log: Log
  /** The one retry policy of a run, for requests to a registry and commands of docker alike. */
  retrying: RetryPolicy & { clock: Clock }
  /** Ends whatever still runs, removes every login and closes every connection. */
  close(): Promise<void>
}

interface Around {
  env: Environment
  log: Log
  secrets: Secrets
  /** Aborted with a {PipeError} when the step is stopped. */
  signal: AbortSignal
}

/** Opens the tools of a run, and starts the clock of TIMEOUT. */
export const openTools = (
  { timeout, maxAttempts, registry, authRealmHosts }: Settings,
  { env, log, secrets, signal }: Around,
): Tools => {
  const clock = startClock(timeout, signal)
  const retrying = {
    maxAttempts,
    clock,
    onRetry: (again: Retry) => log.warning(retryLine(again, maxAttempts)),
  }
  const engine = openOr(clock.stop, () =>
    openEngine({ env, signal: clock.signal, onCommand: commandLine(log), registry }),
  )
  const clients = createClients({ authRealmHosts, env, log, retrying, secrets })
  return {
    engine,
    clients,
    log,
    retrying,
    async close() {
      clock.stop()
      await engine.end()
      await clients.close()
    },
  }
}

// A clock that runs keeps the process.
const openOr = <T>(giveUp: () => void, open: () => T): T => {
  try {
    return open()
  } catch (error) {
    giveUp()
    throw error
  }
}

const retryLine = ({ error, attempt, delayMs }: Retry, maxAttempts: number) => {
  const said = error.said === undefined ? '' : ` (${error.said})`
  return `${error.code}: ${error.message}${said}; next try in ${seconds(delayMs)}, attempt ${attempt + 1} of ${maxAttempts}`
}
