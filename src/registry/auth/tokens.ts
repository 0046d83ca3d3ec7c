import type { Token } from './token.ts'

interface Tokens {
  /** The token of a scope: a kept one as long as it lasts, else a new one; all who wait for it share one request. */
  get: (scope: string) => Promise<string>
  /** Gives up a token that was refused for its scope, unless another one is there by now. */
  invalidate: (scope: string, refused: string) => void
}

interface Kept {
  token: Promise<Token>
  value?: string
  /** By the monotonic clock, in milliseconds. */
  until: number
}

/**
 * Keeps the tokens of a session, one for each scope. Asking for several scopes at once (distribution-spec,
 * "Requesting a Token") would save requests, but no round trip: they go out together.
 */
export const createTokens = (
  fetch: (scope: string) => Promise<Token>,
  now: () => number = () => performance.now(),
): Tokens => {
  const kept = new Map<string, Kept>()
  return {
    get: async (scope) => {
      const found = kept.get(scope)
      if (found && found.until > now()) return (await found.token).value
      const asked = now()
      const entry: Kept = { token: fetch(scope), until: Number.POSITIVE_INFINITY }
      kept.set(scope, entry)
      try {
        const { value, lifetime } = await entry.token
        // Counted from the request on, and ended a little early, so that the token is still valid when it arrives.
        entry.until = asked + lifetime - Math.min(10_000, lifetime / 10)
        entry.value = value
        return value
      } catch (error) {
        if (kept.get(scope) === entry) kept.delete(scope)
        throw error
      }
    },
    invalidate: (scope, refused) => {
      if (kept.get(scope)?.value === refused) kept.delete(scope)
    },
  }
}
