import { describe, expect, it } from 'vitest'
import { problemsOf, settingsOf } from './fixture.ts'

describe('the variables that lead to the registry', () => {
  it.each(['HTTPS_PROXY', 'https_proxy'])(
    'refuse a value of %s that is no proxy, and show nothing of it',
    (name) => {
      for (const value of [
        'ftp://user:hunter2@proxy',
        'socks5://user:hunter2@proxy:1080',
        'http://user:hunter2@proxy:99999',
        'http://user:hunter2@',
        'user:hunter2@1.2.3.256:80',
      ]) {
        const text = problemsOf({ [name]: value })
        expect(text).toContain(`${name}: its value (not shown)`)
        expect(text).not.toMatch(/hun|ter2|user:h/)
      }
    },
  )

  it.each([
    'http://proxy:3128',
    'proxy:3128',
    'https://me:pa%23ss@proxy.example.com',
    'http://proxy/path',
    // The last @ ends a password, whatever is in it.
    'http://user:hun#ter2@proxy:3128',
    'http://user:hun/ter2?@@proxy:3128',
    '',
    ' ',
  ])('take a proxy: %j', (HTTPS_PROXY) => {
    expect(settingsOf({ HTTPS_PROXY }).warnings).toEqual([])
  })

  it('refuse a URL in NO_PROXY', () => {
    expect(problemsOf({ NO_PROXY: 'localhost, https://me:hunter2@x' })).toContain('NO_PROXY: has a URL')
    expect(problemsOf({ NO_PROXY: 'localhost, https://me:hunter2@x' })).not.toContain('hunter2')
    settingsOf({ NO_PROXY: '*', no_proxy: '.example.com,10.0.0.0/8 [::1]:5000' })
  })

  it.each([
    ['REGISTRY', 'crg.apkg.io:99999', '"99999" is not a port'],
    ['REGISTRY', '1.2.3.256', '"1.2.3.256" is neither a host name nor an address'],
    ['REGISTRY', '10.0.0.1.5:5000', '"10.0.0.1.5" is neither a host name nor an address'],
    ['REGISTRY', '[::1::2]', '"[::1::2]" is neither a host name nor an address'],
    ['AUTH_REALM_HOSTS', 'auth.example.com my.0x', '"my.0x" is neither a host name nor an address'],
    ['AUTH_REALM_HOSTS', '1.2.3', '"1.2.3" would be read as "1.2.0.3"'],
  ])('refuse hosts that no URL has: %s=%s', (name, value, words) => {
    expect(problemsOf({ [name]: value })).toContain(`${name}: ${words}`)
  })

  it('refuse to talk to whoever answers', () => {
    expect(problemsOf({ NODE_TLS_REJECT_UNAUTHORIZED: '0' })).toContain('NODE_TLS_REJECT_UNAUTHORIZED: is 0')
    settingsOf({ NODE_TLS_REJECT_UNAUTHORIZED: '1' })
  })
})
