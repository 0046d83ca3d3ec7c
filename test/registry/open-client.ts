import { createRegistryClient, type RegistryClient } from '../../src/registry/client.ts'
import type { RegistryOptions } from '../../src/registry/stack.ts'
import type { RetryPolicy } from '../../src/retry.ts'
import { createSecrets, type Secrets } from '../../src/secrets.ts'

/** What a test may want otherwise: options of the client and of its retries. */
export type ClientOptions = Partial<RegistryOptions & RetryPolicy>

/** A client of a registry on this machine, with short waits and no proxy. */
export const openClient = (
  host: string,
  { maxAttempts = 5, clock, onRetry, base = 1, cap = 2, ...options }: ClientOptions = {},
): RegistryClient & { secrets: Secrets } => {
  const secrets = createSecrets()
  const { secret, username } = options.credential ?? {}
  if (secret !== undefined) secrets.add(secret, username)
  const retrying = { maxAttempts, clock, onRetry, base, cap }
  const client = createRegistryClient({ host, env: {}, userAgent: 'test/1', retrying, secrets, ...options })
  return { ...client, secrets }
}
