import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import { createSecureServer } from 'node:http2'
import type { AddressInfo, Socket } from 'node:net'
import type { Certificates } from './certificates.ts'

/** One request as a hostile server got it. */
export interface Heard {
  method: string
  path: string
  headers: Record<string, string | string[] | undefined>
}

/** Answers a request, with the socket in its hands. */
export type Attack = (response: ServerResponse, request: IncomingMessage) => void

export interface HostileRegistry {
  host: string
  origin: string
  requests: Heard[]
  close(): Promise<void>
}

/**
 * A registry that does to each path what its attack does; `*` stands for all that have none. Over HTTP/2 it speaks TLS.
 * What is still being sent ends with it.
 */
export const startHostile = async (
  attacks: Record<string, Attack>,
  http2?: Certificates,
): Promise<HostileRegistry> => {
  const requests: Heard[] = []
  const sockets = new Set<Socket>()
  const listener: RequestListener = (request, response) => {
    const [path = ''] = (request.url ?? '/').split('?')
    requests.push({ method: request.method ?? '', path: request.url ?? '', headers: request.headers })
    response.on('error', () => {})
    const attack = attacks[path] ?? attacks['*']
    if (attack === undefined) response.writeHead(404).end()
    else attack(response, request)
  }
  const server =
    http2 === undefined
      ? createServer(listener)
      : createSecureServer({ ...http2.good, allowHTTP1: false }, listener as never)
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
  })
  server.on('sessionError', () => {})
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    host,
    origin: `http${http2 === undefined ? '' : 's'}://${host}`,
    requests,
    async close() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** Sends a status, headers and a body that was made before. */
export const answer =
  (status: number, body: string | Buffer = '', headers: Record<string, string | string[]> = {}): Attack =>
  (response) => {
    response.writeHead(status, { 'content-length': Buffer.byteLength(body), ...headers }).end(body)
  }

/** Sends bytes instead of any HTTP that a server would send. */
export const raw =
  (bytes: string | Buffer): Attack =>
  (response) => {
    response.socket?.end(bytes)
  }

/** Sends the same piece for ever, as fast as it is taken, or once in so many milliseconds. */
export const endless =
  (piece: string | Buffer, headers: Record<string, string> = {}, everyMs = 0): Attack =>
  (response) => {
    response.writeHead(200, headers)
    const more = () => {
      if (response.destroyed || response.socket?.destroyed) return
      if (everyMs > 0) {
        response.write(piece)
        setTimeout(more, everyMs).unref()
      } else if (response.write(piece)) setImmediate(more)
      else response.once('drain', more)
    }
    more()
  }

/** Says nothing, and keeps the connection. */
export const silence: Attack = () => {}
