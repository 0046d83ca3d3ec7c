import { describe, expect, it } from 'vitest'
import { type Hop, isRedirect, maxRedirects, nextHop } from '../../../src/registry/http/redirect.ts'

const registry = new URL('https://crg.apkg.io')
const start = (url = 'https://crg.apkg.io/v2/acme/base/blobs/x'): Hop => ({
  url: new URL(url),
  trusted: true,
  count: 0,
})

describe('nextHop', () => {
  it('keeps Authorization on the way to another path of the registry', () => {
    expect(nextHop(start(), '/v2/other?a=b#part', registry)).toEqual({
      url: new URL('https://crg.apkg.io/v2/other?a=b'),
      trusted: true,
      count: 1,
    })
  })

  it.each([
    'https://storage.example.com/blob',
    'https://crg.apkg.io:8443/blob',
    'https://evil.crg.apkg.io/blob',
    '//storage.example.com/blob',
  ])('drops Authorization on the way to %s', (location) => {
    expect(nextHop(start(), location, registry).trusted).toBe(false)
  })

  it('does not send Authorization again after a way back from another origin', () => {
    const away = nextHop(start(), 'https://storage.example.com/blob', registry)
    expect(nextHop(away, 'https://crg.apkg.io/v2/', registry)).toMatchObject({ trusted: false, count: 2 })
  })

  it.each([
    ['no address', undefined, /names no address/],
    ['what is not an address', 'https://[', /names no address/],
    ['plain HTTP', 'http://crg.apkg.io/v2/', /without TLS/],
    ['another scheme', 'file:///etc/passwd', /without TLS/],
    ['user information', 'https://user:hunter2@storage.example.com/', /user name or password/],
  ])('refuses %s', (_, location, why) => {
    let error: unknown
    try {
      nextHop(start(), location, registry)
    } catch (reason) {
      error = reason
    }
    expect(error).toMatchObject({
      code: 'PKG-REDIRECT-REFUSED',
      exitCode: 8,
      why: expect.stringMatching(why),
    })
    expect(JSON.stringify(error)).not.toContain('hunter2')
  })

  it('follows five redirects and no sixth', () => {
    let hop = start()
    for (let count = 0; count < maxRedirects; count++) hop = nextHop(hop, '/again', registry)
    expect(() => nextHop(hop, '/again', registry)).toThrow('was not followed')
  })

  it('stays in plain HTTP only on this machine, of a registry in plain HTTP on this machine', () => {
    const local = new URL('http://127.0.0.1:5000')
    const hop = start('http://127.0.0.1:5000/v2/')
    expect(nextHop(hop, '/other', local).trusted).toBe(true)
    expect(nextHop(hop, 'http://localhost:5001/', local).trusted).toBe(false)
    expect(() => nextHop(hop, 'http://10.0.0.1/', local)).toThrow('was not followed')
    expect(() => nextHop(start(), 'http://127.0.0.1/', registry)).toThrow('was not followed')
  })

  it('never shows the query of a redirect, which may be a signature', () => {
    expect.assertions(1)
    try {
      nextHop(start(), 'http://storage.example.com/blob?signature=abc', registry)
    } catch (error) {
      expect(JSON.stringify({ ...(error as object), message: String(error) })).not.toContain('abc')
    }
  })
})

describe('isRedirect', () => {
  it('knows the statuses that name another place, and no other 3xx', () => {
    expect([301, 302, 303, 307, 308].every(isRedirect)).toBe(true)
    expect([200, 300, 304, 305, 401].some(isRedirect)).toBe(false)
  })
})
