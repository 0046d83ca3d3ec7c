import { describe, expect, it } from 'vitest'
import { clean, createSecrets, redactUrl } from '../../src/registry/text.ts'

describe('clean', () => {
  it.each([
    ['colours and other escape sequences', 'a\u001b[31mred\u001b[0m b', 'ared b'],
    ['line breaks and control characters', 'one\r\ntwo\u0000\u0007\tthree', 'one two three'],
    ['what turns the direction of a line or is not seen', 'a\u202eb\u200bc\ufeff', 'abc'],
  ])('takes out %s', (_, text, expected) => {
    expect(clean(text)).toBe(expected)
  })

  it('cuts a long text and says so', () => {
    expect(clean('a'.repeat(1_000_000), 10)).toBe(`${'a'.repeat(9)}…`)
  })
})

describe('redactUrl', () => {
  it('shows what is asked for, and no user information and no other query', () => {
    const url = new URL(
      'https://user:word@host/token?service=s&scope=repository:a/b:pull&X-Amz-Signature=abc&account=me',
    )
    expect(redactUrl(url)).toBe(
      'https://host/token?service=s&scope=repository:a/b:pull&X-Amz-Signature=***&account=***',
    )
  })
})

describe('secrets', () => {
  it('are hidden raw and URL-encoded, the longer one first', () => {
    const secrets = createSecrets()
    secrets.add('p@ss/word', 'p@ss/word-and-more', 'ab')
    expect(secrets.hide('p@ss/word-and-more p@ss/word p%40ss%2Fword about')).toBe('*** *** *** about')
  })
})
