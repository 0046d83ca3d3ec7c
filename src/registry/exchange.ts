import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Dispatcher } from 'undici'
import { PipeError } from '../errors.ts'
import { networkFault } from './faults.ts'
import type { Answer, Request, Timeouts, Transport } from './transport.ts'

/** How much of an answer that is no success is read: enough for any registry's error body. */
export const errorLimit = 1024 * 1024

/**
 * The lowest layer: one request and its whole answer, with a bound on every wait and on the size. Throws a
 * `PipeError` where the network failed (see `faults.ts`), and the signal's reason where it was aborted.
 */
export const createExchange =
  (dispatcher: Dispatcher, timeouts: Timeouts): Transport =>
  async (request) => {
    const late = AbortSignal.timeout(timeouts.total)
    const signal = request.signal ? AbortSignal.any([request.signal, late]) : late
    try {
      return await ask(dispatcher, request, timeouts, signal)
    } catch (error) {
      request.signal?.throwIfAborted()
      if (late.aborted) throw tooSlow(request, timeouts)
      throw networkFault(error, request.url)
    }
  }

const ask = async (
  dispatcher: Dispatcher,
  { method, url, headers, authorization, body, limit }: Request,
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
  return {
    status: response.statusCode,
    headers: new Map(fields),
    ...(await read(response.body, success ? limit : errorLimit)),
    url,
    trusted: true,
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
