import { request as askPlainly } from 'node:http'
import { request as askOverTls } from 'node:https'
import type { Socket } from 'node:net'
import { PipeError } from '../../errors.ts'
import type { TunnelProxy } from '../../proxy-url.ts'
import { seconds } from '../../units.ts'
import { networkFault } from './faults.ts'
import { proxyHint } from './proxy.ts'

/**
 * Opens a tunnel through a proxy (RFC 9110, section 9.3.6).
 *
 * @param target `host:port`
 * @param timeout in milliseconds, for all of it
 * @throws {PipeError} for a fault of the proxy; those of the registry behind it come later
 */
export const openTunnel = (proxy: TunnelProxy, target: string, timeout: number): Promise<Socket> => {
  const { protocol, hostname, port, authorization } = proxy
  const ask = protocol === 'https:' ? askOverTls : askPlainly
  const { promise, resolve, reject } = Promise.withResolvers<Socket>()
  const request = ask({
    method: 'CONNECT',
    host: hostname,
    port,
    path: target,
    headers: { host: target, ...(authorization !== undefined && { 'proxy-authorization': authorization }) },
    agent: false,
  })
  const timer = setTimeout(() => request.destroy(new Error(`no answer in ${seconds(timeout)}`)), timeout)
  // Every answer to CONNECT comes here, also a refusal.
  request.on('connect', ({ statusCode = 0, statusMessage }, socket, head) => {
    clearTimeout(timer)
    if (statusCode >= 200 && statusCode < 300) {
      if (head.length > 0) socket.unshift(head)
      resolve(socket)
    } else {
      socket.destroy()
      reject(
        refused(proxy, target, {
          status: statusCode,
          said: `HTTP ${statusCode} ${statusMessage ?? ''}`.trim(),
        }),
      )
    }
  })
  request.on('error', (error) => {
    clearTimeout(timer)
    reject(broken(proxy, target, error))
  })
  request.end()
  return promise
}

const failed = (target: string) => `The proxy makes no connection to ${target}`

const named = ({ hostname, port }: TunnelProxy) => `HTTPS_PROXY names the proxy ${hostname}:${port}, which`

const refused = (
  proxy: TunnelProxy,
  target: string,
  { status, said }: { status: number; said: string },
): PipeError => {
  const [code, why] =
    status >= 500
      ? (['PKG-NETWORK', 'does not reach the registry.'] as const)
      : status === 407
        ? ([
            'PKG-NOT-A-REGISTRY',
            'asks for a user name and a password, or does not accept those that it was given.',
          ] as const)
        : (['PKG-NOT-A-REGISTRY', 'does not let this pipe through.'] as const)
  return new PipeError(code, failed(target), { said, why: `${named(proxy)} ${why}`, hint: proxyHint })
}

const broken = (proxy: TunnelProxy, target: string, error: Error & { code?: unknown }): PipeError => {
  const fault = networkFault(error, new URL(`${proxy.protocol}//proxy`))
  const isRubbish = String(error.code).startsWith('HPE_')
  return new PipeError(isRubbish ? 'PKG-NOT-A-REGISTRY' : fault.code, failed(target), {
    said: fault.said,
    why: `${named(proxy)} ${isRubbish ? 'does not speak HTTP.' : 'cannot be reached.'}`,
    hint: proxyHint,
    cause: error,
  })
}
