import { describe, expect, it } from 'vitest'
import { createSecrets, redactUrl } from '../../../src/registry/text.ts'

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
