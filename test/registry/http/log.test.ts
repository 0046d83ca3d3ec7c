import { describe, expect, it } from 'vitest'
import { shownUrl } from '../../../src/registry/http/log.ts'

describe('an address in the log', () => {
  it('shows what is asked for, and no user information and no other query', () => {
    const url = new URL(
      'https://user:word@host/token?service=s&scope=repository:a/b:pull&X-Amz-Signature=abc&account=me',
    )
    expect(shownUrl(url)).toBe(
      'https://host/token?service=s&scope=repository:a/b:pull&X-Amz-Signature=***&account=***',
    )
  })

  it('shows no query that is nothing but a name, which may be the signature itself', () => {
    expect(shownUrl(new URL('https://host/blob?AKIAxyz'))).toBe('https://host/blob?***')
  })
})
