import { VERSION } from '../identity.ts'
import { createRegistryClient, type RegistryClient } from '../registry/client.ts'
import type { RequestLine } from '../registry/http/layers.ts'
import type { Log } from '../report/log.ts'
import type { RetryPolicy } from '../retry.ts'
import type { Environment } from '../settings/environment.ts'
import type { Credential, Settings } from '../settings/settings.ts'

/** The registry clients of a run: one for each registry and credential, with their connections and tokens. */
export interface Clients {
  get(domain: string, credential: Credential | undefined): RegistryClient
  close(): Promise<void>
}

export const createClients = (
  { authRealmHosts }: Settings,
  env: Environment,
  log: Log,
  retrying: RetryPolicy,
): Clients => {
  const clients = new Map<string, RegistryClient>()
  const create = (host: string, credential: Credential | undefined) =>
    createRegistryClient({
      ...retrying,
      host,
      credential: credential && { username: credential.username, password: credential.secret },
      version: VERSION,
      authRealmHosts,
      onRequest: (line) => log.debug(requestLine(line)),
      onRealm: ({ host: realm }) => log.info(`The registry ${host} has its tokens issued by ${realm}`),
      env,
    })
  return {
    get(domain, credential) {
      const key = `${domain} ${credential?.kind}`
      const client = clients.get(key) ?? create(domain, credential)
      clients.set(key, client)
      return client
    },
    async close() {
      await Promise.all([...clients.values()].map((client) => client.close()))
    },
  }
}

const requestLine = ({ method, status, url, ms, attempt }: RequestLine) =>
  `${method} ${status ?? 'failed'} ${url} ${ms}ms attempt #${attempt}`
