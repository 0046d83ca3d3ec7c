import { setImmediate as nextTurn } from 'node:timers/promises'
import { PipeError } from '../../errors.ts'
import type { Connections } from './agent.ts'
import { codingsOf, decode } from './decode.ts'
import { networkFault, wantsHttp1 } from './faults.ts'
import type { Answer, Request, Timeouts, Transport } from './transport.ts'

/** How much is read of an answer that is not a success: enough for any registry's error body. */
const errorLimit = 32 * 1024

/**
 * The lowest layer: one request and its whole answer, with a bound on every wait and on the size. Throws a `PipeError`
 * if the network fails (see `faults.ts`), and the signal's reason if it is aborted.
 */
export const createExchange =
  (connections: Connections, timeouts: Timeouts): Transport =>
  async (request) => {
    const late = new AbortController()
    const timer = setTimeout(() => late.abort(), timeouts.total)
    const signal = request.signal ? AbortSignal.any([request.signal, late.signal]) : late.signal
    try {
      return await ask(connections, request, { timeouts, signal })
    } catch (error) {
      request.signal?.throwIfAborted()
      if (late.signal.aborted) throw tooSlow(request, timeouts)
      throw networkFault(error, request.url)
    } finally {
      // A stream may go on for as long as bytes come.
      clearTimeout(timer)
    }
  }

interface Bounds {
  timeouts: Timeouts
  signal: AbortSignal
}

const ask = async (connections: Connections, request: Request, bounds: Bounds): Promise<Answer> => {
  const { url, limit, stream, signal: stopped } = request
  const send = () => connections.dispatcher(url.origin).request(optionsOf(request, bounds))
  const response = await send().catch((error: unknown) => {
    if (wantsHttp1(error) && connections.leaveHttp2(url.origin)) return send()
    throw error
  })
  const status = response.statusCode
  const success = status >= 200 && status < 300
  const { headers, codings } = readHead(response.headers, status)
  const head = { status, headers, url, trusted: true }
  try {
    const body = decode(response.body, codings)
    if (stream && (status === 200 || status === 206))
      return { ...head, body: Buffer.alloc(0), truncated: false, stream: pieces(body, url, stopped) }
    return { ...head, ...(await read(body, success ? limit : errorLimit)) }
  } catch (error) {
    // Nobody else listens to the errors of a body that is not read.
    response.body.on('error', () => {}).destroy()
    throw error
  }
}

const optionsOf = ({ method, url, headers, authorization, body }: Request, { timeouts, signal }: Bounds) => ({
  origin: url.origin,
  path: `${url.pathname}${url.search}`,
  method,
  headers: {
    ...headers,
    // Without this field a server may choose any coding (RFC 9110, section 12.5.3).
    'accept-encoding': 'identity',
    ...(authorization !== undefined && { authorization }),
  },
  ...(body !== undefined && { body }),
  headersTimeout: timeouts.headers,
  bodyTimeout: timeouts.body,
  signal,
})

const readHead = (fields: Record<string, string | string[] | undefined>, status: number) => {
  const headers = new Map(
    Object.entries(fields).map(([name, value]): [string, string[]] => [
      name.toLowerCase(),
      [value ?? []].flat(),
    ]),
  )
  const codings = codingsOf(headers.get('content-encoding') ?? [])
  if (codings.length === 0) return { headers, codings }
  // These fields describe the encoded bytes, which no layer above sees. A part of the encoded bytes cannot even be
  // decoded: without its range it counts as a part that nobody asked for.
  for (const name of ['content-length', 'content-range', 'etag']) headers.delete(name)
  return { headers, codings: status === 206 ? [] : codings }
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
  // Undici puts the connection back into its pool a turn of the event loop later. A request before that would open
  // another connection, which takes three round trips instead of none.
  await nextTurn()
  return { body: Buffer.concat(chunks), truncated: false }
}

const tooSlow = ({ url }: Request, { total }: Timeouts): PipeError =>
  new PipeError('PKG-NETWORK', `${url.origin} did not finish its answer within ${total / 1000} s`)
