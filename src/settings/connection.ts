import { type Environment, exactly } from './environment.ts'
import type { Report } from './problems.ts'

/** Looks at the variables of others that change how the registry is reached. None of their values is ever shown. */
export const checkConnection = (env: Environment, report: Report): void => {
  for (const name of ['HTTPS_PROXY', 'https_proxy']) {
    const value = exactly(env, name)?.trim() ?? ''
    const fault = value === '' ? undefined : proxyFault(value)
    if (fault !== undefined) report(name, fault)
  }
  for (const name of ['NO_PROXY', 'no_proxy']) {
    const items = (exactly(env, name) ?? '').split(/[\s,]+/)
    if (items.some((item) => /:\/\/|@/.test(item)))
      report(
        name,
        'has a URL among its items (not shown); each is a host, a domain such as .example.com, or *',
      )
  }
  // The only value at which Node.js stops to look at certificates.
  if (exactly(env, 'NODE_TLS_REJECT_UNAUTHORIZED') === '0')
    report(
      'NODE_TLS_REJECT_UNAUTHORIZED',
      'is 0, so that the credentials would go to whoever answers; leave it out, and name the certificate of a proxy or a registry of your own in NODE_EXTRA_CA_CERTS',
    )
}

// A proxy may be named without a scheme, as curl and Go read it.
const proxyFault = (value: string): string | undefined => {
  const written = value.includes('://') ? value : `http://${value}`
  const url = URL.canParse(written) ? new URL(written) : undefined
  // A "#" or "/" in a password ends the host before the "@".
  if (url === undefined || (written.includes('@') && url.username === '' && url.password === ''))
    return 'its value (not shown) is no URL, such as http://proxy.example.com:3128; in a user name and a password, "@", ":", "/", "#", "?" and "%" are written as %40, %3A, %2F, %23, %3F and %25'
  if (!['http:', 'https:'].includes(url.protocol))
    return 'its value (not shown) is no proxy of HTTP: it begins with neither http:// nor https://'
  return url.hostname === '' ? 'its value (not shown) names no host' : undefined
}
