import type { Token } from './token.ts'

export interface Tokens {
  /** The token of a scope: a kept one as long as it lasts, else a new one; one request for all who wait. */
  get: (scope: string) => Promise<string>
  /** Forgets a token that was refused (unless another one is there by now), and asks for `asked` next. */
  renew: (scope: string, refused: string, asked: string | undefined) => void
}

interface Kept {
  token: Promise<Token>
  value?: string
  /** Of the monotonic clock, in milliseconds. */
  until: number
}

/** Keeps the tokens of a session by scope. `fetch` gets the scope to ask for. */
export const createTokens = (
  fetch: (scope: string) => Promise<Token>,
  now: () => number = () => performance.now(),
): Tokens => {
  const kept = new Map<string, Kept>()
  const wordings = new Map<string, string>()

  return {
    get: async (scope) => {
      const found = kept.get(scope)
      if (found && found.until > now()) return (await found.token).value
      const asked = now()
      const entry: Kept = { token: fetch(wordings.get(scope) ?? scope), until: Number.POSITIVE_INFINITY }
      kept.set(scope, entry)
      try {
        const { value, lifetime } = await entry.token
        // Counted from the request on, and ended a little early: it has to arrive while it is good.
        entry.until = asked + lifetime - Math.min(10_000, lifetime / 10)
        entry.value = value
        return value
      } catch (error) {
        if (kept.get(scope) === entry) kept.delete(scope)
        throw error
      }
    },
    renew: (scope, refused, asked) => {
      if (kept.get(scope)?.value === refused) kept.delete(scope)
      if (asked && asked.length < 1000) wordings.set(scope, asked)
    },
  }
}
