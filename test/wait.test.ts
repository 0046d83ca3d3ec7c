import { describe, expect, it } from 'vitest'
import { findWait, readWait } from '../src/wait.ts'

const now = Date.parse('Wed, 21 Oct 2026 07:28:00 GMT')

describe('readWait', () => {
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
    ['2 minutes', 120_000],
    ['1 hour and 30 minutes', 5_400_000],
    ['2 fortnights', undefined],
    ['9'.repeat(400), undefined],
  ])('reads %s', (value, expected) => {
    const wait = readWait(value, now)
    if (expected === undefined) expect(wait).toBeUndefined()
    else expect(wait).toBeCloseTo(expected, 6)
  })
})

describe('findWait', () => {
  it.each([
    ['retry-after: 985.86µs, allowed: 44000/minute', 0.98586],
    ['toomanyrequests: retry-after: 1m30.5s', 90_500],
    ['Retry after 5', 5000],
    ['please retry after 30 s.', 30_000],
    ['retry after 2 minutes', 120_000],
    ['Retry-After: 5 minutes', 300_000],
    ['try again in 1 hour', 3_600_000],
    ['Try again after 90 seconds, please', 90_000],
    ['retry after 2 days', 172_800_000],
    ['retry after 5, or ask for more', 5000],
    [`retry-after: ${'9'.repeat(400)}h`, undefined],
    ['retry-after: ', undefined],
    ['Rate exceeded', undefined],
  ])('reads %j', (text, expected) => {
    const wait = findWait(text)
    if (expected === undefined) expect(wait).toBeUndefined()
    else expect(wait).toBeCloseTo(expected, 6)
  })
})
