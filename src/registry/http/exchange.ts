import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Dispatcher } from 'undici'
import { PipeError } from '../../errors.ts'
import { networkFault } from './faults.ts'
import type { Answer, Request, Timeouts, Transport } from './transport.ts'

/** How much of an answer that is no success is read: enough for any registry's error body. */
const errorLimit = 1024 * 1024

/**
 * The lowest layer: one request and its whole answer, with a bound on every wait and on the size. Throws a
 * `PipeError` where the network failed (see `faults.ts`), and the signal's reason where it was aborted.
 */
export const createExchange =
  (dispatcher: Dispatcher, timeouts: Timeouts): Transport =>
  async (request) => {
    const late = new AbortController()
    const timer = setTimeout(() => late.abort(), timeouts.total)
    const signal = request.signal ? AbortSignal.any([request.signal, late.signal]) : late.signal
    try {
      return await ask(dispatcher, request, timeouts, signal)
    } catch (error) {
      request.signal?.throwIfAborted()
      if (late.signal.aborted) throw tooSlow(request, timeouts)
      throw networkFault(error, request.url)
    } finally {
      // A stream goes on, for as long as something comes.
      clearTimeout(timer)
    }
  }

const ask = async (
  dispatcher: Dispatcher,
  { method, url, headers, authorization, body, limit, stream, signal: stopped }: Request,
  timeouts: Timeouts,
  signal: AbortSignal,
): Promise<Answer> => {
  const response = await dispatcher.request({
    origin: url.origin,
    path: `${url.pathname}${url.search}`,
    method,
    headers: { ...headers, ...(authorization !== undefined && { authorization }) },
    ...(body !== undefined && { body }),
    headersTimeout: timeouts.headers,
    bodyTimeout: timeouts.body,
    signal,
  })
  const success = response.statusCode >= 200 && response.statusCode < 300
  const fields = Object.entries(response.headers).map(([name, value]): [string, string[]] => [
    name.toLowerCase(),
    [value ?? []].flat(),
  ])
  const head = { status: response.statusCode, headers: new Map(fields), url, trusted: true }
  if (success && stream)
    return { ...head, body: Buffer.alloc(0), truncated: false, stream: pieces(response.body, url, stopped) }
  return { ...head, ...(await read(response.body, success ? limit : errorLimit)) }
}

// A body that breaks off fails as a request does.
async function* pieces(stream: AsyncIterable<Buffer>, url: URL, stopped: AbortSignal | undefined) {
  try {
    yield* stream
  } catch (error) {
    stopped?.throwIfAborted()
    throw networkFault(error, url)
  }
}

// Leaving the loop early destroys the stream, and with it the connection.
const read = async (
  stream: AsyncIterable<Buffer>,
  limit: number,
): Promise<{ body: Buffer; truncated: boolean }> => {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of stream) {
    chunks.push(chunk)
    size += chunk.length
    if (size > limit) return { body: Buffer.concat(chunks).subarray(0, limit), truncated: true }
  }
  // Undici puts the connection back into its pool a turn of the event loop later. A request that comes before
  // that opens another connection, which takes three round trips instead of none.
  await nextTurn()
  return { body: Buffer.concat(chunks), truncated: false }
}

const tooSlow = ({ url }: Request, { total }: Timeouts): PipeError =>
  new PipeError('PKG-NETWORK', `${url.origin} did not finish its answer within ${total / 1000} s`)
