import { quote } from './quote.ts'

/**
 * Why a host that the grammar of references accepts, with or without a port, cannot be used in an address: the URL
 * standard (https://url.spec.whatwg.org/#host-parsing) refuses it or reads it as another one. Undefined if it can.
 */
export const hostFault = (host: string): string | undefined => {
  const [, name = host, port] = /^(\[.*\]|[^:]*)(?::(.*))?$/s.exec(host) ?? []
  if (port !== undefined && !isPort(port)) return `${quote(port)} is not a port, a number from 1 to 65535`
  const address = `https://${name}`
  if (!URL.canParse(address)) return `${quote(name)} is neither a host name nor an address`
  const read = new URL(address).host
  // An IPv6 address has many spellings, and each is the same host.
  if (read === name.toLowerCase() || name.startsWith('[')) return undefined
  return `${quote(name)} would be read as ${quote(read)}`
}

const isPort = (text: string) => /^[1-9]\d{0,4}$/.test(text) && Number(text) <= 65535
