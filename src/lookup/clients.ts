import type { Credential } from '../credential.ts'
import { USER_AGENT } from '../identity.ts'
import { createRegistryClient, type RegistryClient } from '../registry/client.ts'
import type { RequestLine } from '../registry/http/log.ts'
import type { Log } from '../report/log.ts'
import type { RetryPolicy } from '../retry.ts'
import type { Secrets } from '../secrets.ts'
import type { Environment } from '../settings/environment.ts'

/** The registry clients of a run: one for each registry and credential, with their connections and tokens. */
export interface Clients {
  get(domain: string, credential: Credential | undefined): RegistryClient
  /** The same, for what is not worth a second attempt. */
  getOnce(domain: string, credential: Credential | undefined): RegistryClient
  close(): Promise<void>
}

interface Context {
  /** AUTH_REALM_HOSTS, when set. */
  authRealmHosts: readonly string[] | undefined
  env: Environment
  log: Log
  retrying: RetryPolicy
  /** Gets the tokens that registries give. */
  secrets: Secrets
}

/** Opens the clients of a run; each connects when it is first asked. */
export const createClients = ({ log, ...context }: Context): Clients => {
  const clients = new Map<string, RegistryClient>()
  // What a registry says to both credentials is told once.
  const told = new Set<string>()
  const tellOnce = (tell: (text: string) => void) => (text: string) => {
    if (!told.has(text)) tell(text)
    told.add(text)
  }
  const [inform, warn] = [tellOnce(log.info), tellOnce(log.warning)]
  const create = (host: string, credential: Credential | undefined, retrying: RetryPolicy) =>
    createRegistryClient({
      ...context,
      host,
      credential,
      retrying,
      userAgent: USER_AGENT,
      onRequest: (line) => log.debug(requestLine(line)),
      onRealm: ({ host: realm }) => inform(`The registry ${host} has its tokens issued by ${realm}`),
      onWarning: (text) => warn(`The registry ${host} says: ${text}`),
    })
  const getBy = (domain: string, credential: Credential | undefined, retrying: RetryPolicy) => {
    const key = `${domain} ${credential?.kind} ${retrying.maxAttempts}`
    const client = clients.get(key) ?? create(domain, credential, retrying)
    clients.set(key, client)
    return client
  }
  return {
    get: (domain, credential) => getBy(domain, credential, context.retrying),
    getOnce: (domain, credential) => getBy(domain, credential, { ...context.retrying, maxAttempts: 1 }),
    async close() {
      await Promise.all([...clients.values()].map((client) => client.close()))
    },
  }
}

const requestLine = ({ method, status, url, ms, attempt }: RequestLine) =>
  `${method} ${status ?? 'failed'} ${url} ${ms}ms attempt #${attempt}`
