import { type RetryOptions, retry } from '../../retry.ts'
import { passingFault } from './answer.ts'
import { type Hop, isRedirect, nextHop } from './redirect.ts'
import { redactUrl } from '../text.ts'
import { type Answer, header, type Transport } from './transport.ts'

/** One request, for the log: nothing in it is secret. */
export interface RequestLine {
  method: string
  /** Without user information, and without the values of a query that may be a signature. */
  url: string
  /** Of the answer; undefined where there was none. */
  status: number | undefined
  ms: number
  /** From 1. */
  attempt: number
  error: unknown
}

/** Tells `onRequest` about every request that goes out, each attempt and each redirect for itself. */
export const withLog =
  (next: Transport, onRequest: (line: RequestLine) => void): Transport =>
  async (request) => {
    const started = performance.now()
    const { method, attempt = 1 } = request
    const report = (status: number | undefined, error?: unknown) =>
      onRequest({
        method,
        url: redactUrl(request.url),
        status,
        ms: Math.round(performance.now() - started),
        attempt,
        error,
      })
    try {
      const answer = await next(request)
      report(answer.status)
      return answer
    } catch (error) {
      report(undefined, error)
      throw error
    }
  }

/** Tries again what passes: faults of the network and answers that ask to come back (`src/retry.ts`). */
export const withRetry =
  (next: Transport, options: RetryOptions): Transport =>
  async (request) => {
    // Who reads a stream goes on where it broke, and so counts the attempts itself.
    if (request.stream) return orFault(await next(request))
    return retry(async ({ attempt, signal }) => orFault(await next({ ...request, attempt, signal })), {
      ...options,
      signal: request.signal ?? options.signal,
    })
  }

const orFault = (answer: Answer): Answer => {
  const fault = passingFault(answer)
  if (fault) throw fault
  return answer
}

/** Follows redirects by the policy of `redirect.ts`; `trusted` in the answer says that none led away. */
export const withRedirects =
  (next: Transport, registry: URL): Transport =>
  async (request) => {
    let hop: Hop = { url: request.url, trusted: request.url.origin === registry.origin, count: 0 }
    for (;;) {
      const { authorization, ...bare } = request
      const answer = await next({ ...(hop.trusted ? { ...bare, authorization } : bare), url: hop.url })
      if (!isRedirect(answer.status)) return { ...answer, trusted: hop.trusted }
      hop = nextHop(hop, header(answer, 'location'), registry)
    }
  }
