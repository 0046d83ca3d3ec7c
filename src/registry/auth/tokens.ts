import { setImmediate as nextTurn } from 'node:timers/promises'
import { PipeError } from '../../errors.ts'
import type { Token } from './token.ts'

export interface Tokens {
  /** The token of a scope: a kept one as long as it lasts, else a new one; one request for all who wait. */
  get: (scope: string) => Promise<string>
  /** Whether a token was asked for together with other scopes: it may hold less than was asked for. */
  isShared: (scope: string, token: string) => boolean
  /**
   * Forgets a token that did not do for its scope (unless another one is there by now). The next one is for
   * this scope alone, asked for in the words of `asked` if given.
   */
  renew: (scope: string, refused: string, asked: string | undefined) => void
}

interface Kept {
  token: Promise<Token>
  value?: string
  /** Of the monotonic clock, in milliseconds. */
  until: number
  shared: boolean
}

/** How many scopes go into one token: more would be too long for the header fields of some servers. */
const maxShared = 20

/**
 * Keeps the tokens of a session by scope. Scopes that are asked for at the same time go into one request
 * (distribution-spec, "Requesting a Token": scope may come several times), so that twenty images need one
 * token. `fetch` gets the scopes.
 */
export const createTokens = (
  fetch: (scopes: readonly string[]) => Promise<Token>,
  now: () => number = () => performance.now(),
): Tokens => {
  const kept = new Map<string, Kept>()
  // How to ask for the scopes that need a token of their own.
  const alone = new Map<string, string>()
  const join = createGroups(fetch)

  const start = (scope: string): Kept => {
    const entry = { until: Number.POSITIVE_INFINITY, shared: false }
    const wording = alone.get(scope)
    if (wording !== undefined) return { ...entry, token: fetch([wording]) }
    const { scopes, token } = join(scope)
    const kept: Kept = { ...entry, token }
    kept.token = token.then(
      (granted) => {
        kept.shared = scopes.length > 1
        return granted
      },
      (error: unknown) => {
        // One scope that is denied may spoil the request for all.
        if (scopes.length > 1 && spoils(error)) return fetch([scope])
        throw error
      },
    )
    return kept
  }

  return {
    get: async (scope) => {
      const found = kept.get(scope)
      if (found && found.until > now()) return (await found.token).value
      const asked = now()
      const entry = start(scope)
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
    isShared: (scope, token) => {
      const found = kept.get(scope)
      return found?.value === token && found.shared
    },
    renew: (scope, refused, asked) => {
      if (kept.get(scope)?.value === refused) kept.delete(scope)
      alone.set(scope, asked && asked.length < 1000 ? asked : (alone.get(scope) ?? scope))
    },
  }
}

interface Group {
  scopes: readonly string[]
  token: Promise<Token>
}

// All that is asked for within one turn of the event loop joins the same group.
const createGroups = (fetch: (scopes: readonly string[]) => Promise<Token>) => {
  let open: (Group & { scopes: string[] }) | undefined
  return (scope: string): Group => {
    if (!open || open.scopes.length >= maxShared) {
      const scopes: string[] = []
      const token = nextTurn().then(() => {
        if (open?.scopes === scopes) open = undefined
        return fetch(scopes)
      })
      open = { scopes, token }
    }
    open.scopes.push(scope)
    return open
  }
}

const spoils = (error: unknown): boolean =>
  error instanceof PipeError && ['PKG-ACCESS-DENIED', 'PKG-NOT-A-REGISTRY'].includes(error.code)
