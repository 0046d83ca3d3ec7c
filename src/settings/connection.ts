import { readProxyUrl } from '../proxy-url.ts'
import { type Environment, exactly } from './environment.ts'
import type { Report } from './problems.ts'

/** Checks the variables of other programs that change how the registry is reached. Their values are never shown. */
export const checkConnection = (env: Environment, report: Report): void => {
  for (const name of ['HTTPS_PROXY', 'https_proxy']) {
    const value = exactly(env, name)?.trim() ?? ''
    const proxy = value === '' ? undefined : readProxyUrl(value)
    if (typeof proxy === 'string') report(name, proxy)
  }
  for (const name of ['NO_PROXY', 'no_proxy']) {
    const items = (exactly(env, name) ?? '').split(/[\s,]+/)
    if (items.some((item) => /:\/\/|@/.test(item)))
      report(
        name,
        'has a URL among its items (not shown); each is a host, a domain such as .example.com, or *',
      )
  }
  // At this value, and at no other, Node.js does not check certificates.
  if (exactly(env, 'NODE_TLS_REJECT_UNAUTHORIZED') === '0')
    report(
      'NODE_TLS_REJECT_UNAUTHORIZED',
      'is 0, which would give the credentials to whoever answers; leave it out, and name the certificate of your own proxy or registry in NODE_EXTRA_CA_CERTS',
    )
}
