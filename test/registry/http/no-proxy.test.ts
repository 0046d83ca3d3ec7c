import { describe, expect, it } from 'vitest'
import { readNoProxy } from '../../../src/registry/http/no-proxy.ts'

// As golang.org/x/net/http/httpproxy documents and decides it.
describe('readNoProxy', () => {
  it.each<[value: string, excepted: string[], proxied: string[]]>([
    [
      '',
      ['https://localhost', 'https://127.0.0.1:5000', 'https://127.9.9.9', 'https://[::1]'],
      ['https://a.io'],
    ],
    [
      'example.com',
      ['https://example.com', 'https://example.com:8443', 'https://a.b.example.com', 'https://EXAMPLE.com'],
      ['https://notexample.com', 'https://example.com.evil.io', 'https://com'],
    ],
    ['.example.com', ['https://a.example.com', 'https://a.b.example.com'], ['https://example.com']],
    ['*.example.com', ['https://a.example.com'], ['https://example.com']],
    ['example.com:8443', ['https://example.com:8443', 'https://a.example.com:8443'], ['https://example.com']],
    ['example.com:443', ['https://example.com'], ['https://example.com:8443']],
    ['.example.com:443', ['https://a.example.com'], ['https://a.example.com:1', 'https://example.com']],
    ['*', ['https://example.com', 'https://192.0.2.1', 'https://[2001:db8::1]'], []],
    ['a.io,*', ['https://example.com'], []],
    ['*.*', [], ['https://example.com']],
    ['a*.io', [], ['https://ab.io', 'https://a.io']],
    [' a.io , B.io,, ', ['https://a.io', 'https://b.io'], ['https://c.io']],
    // Go splits at commas only.
    ['a.io b.io', [], ['https://a.io', 'https://b.io']],
    [
      '192.0.2.1',
      ['https://192.0.2.1', 'https://192.0.2.1:8443'],
      ['https://192.0.2.10', 'https://192.0.2.1.io'],
    ],
    ['192.0.2.1:8443', ['https://192.0.2.1:8443'], ['https://192.0.2.1']],
    [
      '192.0.2.0/24',
      ['https://192.0.2.77', 'https://192.0.2.77:8443'],
      ['https://192.0.3.1', 'https://a.io'],
    ],
    ['0.0.0.0/0', ['https://192.0.2.1'], ['https://[2001:db8::1]', 'https://a.io']],
    ['2001:db8::/32', ['https://[2001:db8::7]'], ['https://[2001:db9::7]', 'https://32.1.13.184']],
    ['2001:db8::1', ['https://[2001:db8::1]', 'https://[2001:DB8:0::1]:8443'], ['https://[2001:db8::2]']],
    ['[2001:db8::1]:8443', ['https://[2001:db8::1]:8443'], ['https://[2001:db8::1]']],
    ['[2001:db8::1]', [], ['https://a.io']],
    ['192.0.2.0/33', [], ['https://192.0.2.1']],
    ['192.0.2', [], ['https://192.0.2.1']],
    [':443', [], ['https://a.io']],
    ['io', ['https://crg.apkg.io'], ['https://crg.apkg.com']],
  ])('reads %j', (value, excepted, proxied) => {
    const isExcepted = readNoProxy(value)
    expect(excepted.filter((each) => !isExcepted(new URL(each)))).toEqual([])
    expect(proxied.filter((each) => isExcepted(new URL(each)))).toEqual([])
  })
})
