import { describe, expect, it } from 'vitest'
import { clean, cleanLine } from '../src/text.ts'

describe('remote text', () => {
  it.each([
    ['escape sequences', '\u001b[31mred\u001b[0m', 'red'],
    ['links that hide their target', '\u001b]8;;http://evil\u0007ok\u001b]8;;\u0007', 'ok'],
    ['carriage returns that overwrite a line', 'bad\r✔ all fine', 'bad\n✔ all fine'],
    ['reordering characters', 'a\u202eb', 'ab'],
    ['other control characters', 'a\u0000\u0008b\tc', 'ab c'],
  ])('is printed without %s', (_, text, cleaned) => {
    expect(clean(text)).toBe(cleaned)
  })
})

describe('remote text on one line', () => {
  it.each([
    ['colours and other escape sequences', 'a\u001b[31mred\u001b[0m b', 'ared b'],
    ['line breaks and control characters', 'one\r\ntwo\u0000\u0007\tthree', 'one two three'],
    ['what turns the direction of a line or is not seen', 'a\u202eb\u200bc\ufeff', 'abc'],
  ])('takes out %s', (_, text, expected) => {
    expect(cleanLine(text)).toBe(expected)
  })

  it('cuts a long text and says so', () => {
    expect(cleanLine('a'.repeat(1_000_000), 10)).toBe(`${'a'.repeat(9)}…`)
  })
})
