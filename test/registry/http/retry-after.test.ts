import { describe, expect, it } from 'vitest'
import { parseWait, retryAfter } from '../../../src/registry/http/retry-after.ts'

const now = Date.parse('Wed, 21 Oct 2026 07:28:00 GMT')

describe('parseWait', () => {
  it.each([
    ['120', 120_000],
    ['0', 0],
    ['1.5', 1500],
    ['Wed, 21 Oct 2026 07:28:30 GMT', 30_000],
    ['Wednesday, 21-Oct-26 07:28:30 GMT', 30_000],
    ['Wed, 21 Oct 2026 07:00:00 GMT', 0],
    ['985.86µs', 0.98586],
    ['985.86μs', 0.98586],
    ['250ms', 250],
    ['1m30s', 90_000],
    ['1h0m0.5s', 3_600_500],
    ['2 s', 2000],
    ['', undefined],
    ['soon', undefined],
    ['-5', undefined],
    ['12,5', undefined],
    ['2026-10-21', undefined],
    [undefined, undefined],
  ])('reads %s', (value, expected) => {
    const wait = parseWait(value, now)
    if (expected === undefined) expect(wait).toBeUndefined()
    else expect(wait).toBeCloseTo(expected, 6)
  })
})

describe('retryAfter', () => {
  const answer = (field: string | undefined, body: string) => ({
    status: 429,
    headers: new Map(field === undefined ? [] : [['retry-after', [field]]]),
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
    expect(retryAfter(answer(field, body), now)).toBeCloseTo(expected, 6)
  })

  it('is not known where nobody says it', () => {
    expect(retryAfter(answer(undefined, 'Rate exceeded'), now)).toBeUndefined()
  })
})
