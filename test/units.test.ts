import { describe, expect, it } from 'vitest'
import { seconds, size } from '../src/units.ts'

describe('figures', () => {
  it.each([
    [0, '0.0 s'],
    [449, '0.4 s'],
    [9_949, '9.9 s'],
    [12_400, '12 s'],
    [125_000, '2 min 5 s'],
  ])('show %d ms as %s', (milliseconds, text) => {
    expect(seconds(milliseconds)).toBe(text)
  })

  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [2_148_000, '2.1 MB'],
    [488_000_000, '488 MB'],
    [1_160_000_000, '1.2 GB'],
  ])('show %d bytes as %s', (bytes, text) => {
    expect(size(bytes)).toBe(text)
  })
})
