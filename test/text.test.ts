import { describe, expect, it } from 'vitest'
import { clean, shorten } from '../src/text.ts'

describe('remote text', () => {
  it.each([
    ['escape sequences', '\u001b[31mred\u001b[0m', 'red'],
    ['links that hide their target', '\u001b]8;;http://evil\u0007ok\u001b]8;;\u0007', 'ok'],
    ['carriage returns that overwrite a line', 'bad\r✔ all fine', 'bad\n✔ all fine'],
    ['reordering characters', 'a\u202eb', 'ab'],
    ['characters that are not seen', 'a\u200bb\u00ad\u034f\ufeff\u{e0041}c\u3164', 'abc'],
    ['other control characters', 'a\u0000\u0008b\tc', 'ab c'],
  ])('is printed without %s', (_, text, cleaned) => {
    expect(clean(text)).toBe(cleaned)
  })
})

describe('cleaning', () => {
  it('takes time in proportion to the length, whatever the text is made of', () => {
    const pieces = ['\u001b[', '\u009b;', '\u001b[1;', '\u001b]', '\u001b]8;;', '\u001b', ';', '\u0007', '\r']
    const started = performance.now()
    for (const piece of pieces) clean(piece.repeat(300_000 / piece.length))
    expect(performance.now() - started).toBeLessThan(5000)
  })
})

describe('a long text', () => {
  it('is cut, and says so', () => {
    expect(shorten('a'.repeat(1_000_000), 10)).toBe(`${'a'.repeat(10)}… (999990 more characters)`)
    expect(shorten('short', 10)).toBe('short')
  })
})
