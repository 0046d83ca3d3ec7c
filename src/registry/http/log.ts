import type { Transport } from './transport.ts'

/** One request, for the log: without user information, and without values of its query that may be a signature. */
export interface RequestLine {
  method: string
  url: string
  /** Status of the answer; undefined if there was none. */
  status: number | undefined
  ms: number
  /** From 1. */
  attempt: number
}

/** Tells `onRequest` about every request that goes out, each attempt and each redirect by itself. */
export const withLog =
  (next: Transport, onRequest: (line: RequestLine) => void): Transport =>
  async (request) => {
    const started = performance.now()
    const { method, attempt = 1 } = request
    const report = (status?: number) => {
      const ms = Math.round(performance.now() - started)
      onRequest({ method, url: shownUrl(request.url), status, ms, attempt })
    }
    try {
      const answer = await next(request)
      report(answer.status)
      return answer
    } catch (error) {
      report()
      throw error
    }
  }

// These name the thing asked for; everything else in a query may be a signature, or its name.
const SHOWN = new Set(['service', 'scope', 'n', 'last'])

/** An address as the log shows it: without user information, and of its query only what names the thing asked for. */
export const shownUrl = (url: URL): string => {
  const query = [...url.searchParams].map(([name, value]) =>
    SHOWN.has(name) ? `${name}=${value}` : value === '' ? '***' : `${name}=***`,
  )
  return `${url.origin}${url.pathname}${query.length > 0 ? `?${query.join('&')}` : ''}`
}
