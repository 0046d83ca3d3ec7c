import { describe, expect, it } from 'vitest'
import { retryAfter } from '../../../src/registry/http/retry-after.ts'

describe('retryAfter', () => {
  const answer = (field: string | undefined, body: string) => ({
    status: 429,
    headers: new Map<string, string[]>(field === undefined ? [] : [['retry-after', [field]]]),
    body: Buffer.from(body),
    truncated: false,
    url: new URL('https://crg.apkg.io'),
    trusted: true,
  })

  it.each([
    ['the field', '7', 'Retry-After: 9', 7000],
    [
      'the text where there is no field',
      undefined,
      '{"message":"retry-after: 985.86µs, allowed: 44000/minute"}',
      0.98586,
    ],
    ['the text where the field says nothing', 'soon', 'please retry after 30 s.', 30_000],
    ['a text that ends with the number', undefined, 'Retry after 5', 5000],
  ])('takes %s', (_, field, body, expected) => {
    expect(retryAfter(answer(field, body))).toBeCloseTo(expected, 6)
  })

  it('counts a date from the answer’s own, for the clock of this machine may be wrong', () => {
    const early = answer('Wed, 21 Oct 2026 07:28:10 GMT', '')
    early.headers.set('date', ['Wed, 21 Oct 2026 07:28:00 GMT'])
    expect(retryAfter(early)).toBe(10_000)
  })

  it('is not known where nobody says it', () => {
    expect(retryAfter(answer(undefined, 'Rate exceeded'))).toBeUndefined()
  })
})
