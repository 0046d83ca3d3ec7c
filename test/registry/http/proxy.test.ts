import { describe, expect, it } from 'vitest'
import { readProxies } from '../../../src/registry/http/proxy.ts'

const registry = new URL('https://crg.apkg.io')
const pair = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`

describe('readProxies', () => {
  it.each([
    ['proxy:3128', 'http:', 'proxy', 3128, undefined],
    ['http://proxy', 'http:', 'proxy', 80, undefined],
    ['HTTPS://proxy/', 'https:', 'proxy', 443, undefined],
    ['http://[::1]:3128', 'http:', '::1', 3128, undefined],
    ['http://me:1#2@proxy:3128', 'http:', 'proxy', 3128, 'me:1#2'],
    ['http://me:1/2?3@4@proxy:3128', 'http:', 'proxy', 3128, 'me:1/2?3@4'],
    ['http://me%40home:p%25@proxy:3128', 'http:', 'proxy', 3128, 'me@home:p%'],
    ['me:100%@proxy:3128', 'http:', 'proxy', 3128, 'me:100%'],
  ])('reads %s', (HTTPS_PROXY, protocol, hostname, port, login) => {
    const authorization = login && pair(login)
    expect(readProxies({ HTTPS_PROXY })(registry)).toEqual({ protocol, hostname, port, authorization })
  })

  it('takes the names in upper case first, as Go does, and white space for nothing', () => {
    const host = (env: Record<string, string>) => readProxies(env)(registry)?.hostname
    expect(host({ HTTPS_PROXY: 'upper', https_proxy: 'lower' })).toBe('upper')
    expect(host({ HTTPS_PROXY: ' ', https_proxy: 'lower' })).toBe('lower')
    expect(host({ HTTPS_PROXY: 'upper', NO_PROXY: 'a.io', no_proxy: '*' })).toBe('upper')
    expect(host({ HTTPS_PROXY: 'upper', NO_PROXY: '', no_proxy: '*' })).toBeUndefined()
    expect(host({ HTTP_PROXY: 'plain', ALL_PROXY: 'all' })).toBeUndefined()
  })

  it.each(['ftp://me:hunter2@proxy', 'http://me:hunter2@proxy:99999', 'me:hunter2@'])(
    'refuses %s without showing it, but for what is reached directly',
    (HTTPS_PROXY) => {
      const proxyOf = readProxies({ HTTPS_PROXY, NO_PROXY: 'a.io' })
      expect(proxyOf(new URL('https://a.io'))).toBeUndefined()
      expect(proxyOf(new URL('https://127.0.0.1:5000'))).toBeUndefined()
      let error: unknown
      try {
        proxyOf(registry)
      } catch (reason) {
        error = reason
      }
      expect(error).toMatchObject({
        code: 'PKG-NOT-A-REGISTRY',
        message: expect.stringMatching(/^HTTPS_PROXY cannot be used: /),
      })
      expect(`${error}${JSON.stringify(error)}`).not.toContain('hunter2')
    },
  )
})
