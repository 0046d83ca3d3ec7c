import { describe, expect, it } from 'vitest'
import { parseLinks } from '../../src/registry/link.ts'

// RFC 8288, section 3.
describe('parseLinks', () => {
  it.each<[string[], Array<[string, string[]]>]>([
    [['</a>; rel="next"'], [['/a', ['next']]]],
    [['</a>; rel=next'], [['/a', ['next']]]],
    [['</a>;rel="next"'], [['/a', ['next']]]],
    [['</a> ; REL = "Next"'], [['/a', ['next']]]],
    [
      ['</a>; rel="prev", </b>; rel="next"'],
      [
        ['/a', ['prev']],
        ['/b', ['next']],
      ],
    ],
    [
      ['</a>; rel="prev"', '</b>; rel="next"'],
      [
        ['/a', ['prev']],
        ['/b', ['next']],
      ],
    ],
    [['</a>; rel="first next"'], [['/a', ['first', 'next']]]],
    [['</a>; title="one, </x>; rel=next"; rel="prev"'], [['/a', ['prev']]]],
    [['</a>; title="a \\"b\\", c"; rel="next"'], [['/a', ['next']]]],
    [['</a,b?last=c;d>; rel="next"'], [['/a,b?last=c;d', ['next']]]],
    [['</a>; rel="prev"; rel="next"'], [['/a', ['prev']]]],
    [["</a>; title*=UTF-8''n%c3%a4; rel=next"], [['/a', ['next']]]],
    [['</a>'], [['/a', []]]],
    [['</a>; crossorigin; rel=next'], [['/a', ['next']]]],
    [['</a; rel="next"'], []],
    [['/a; rel="next"'], []],
    [[''], []],
    [[], []],
  ])('%j', (fields, expected) => {
    expect(parseLinks(fields).map(({ target, relations }) => [target, relations])).toEqual(expected)
  })

  it('reads a field of a hundred thousand characters in no time', () => {
    const started = performance.now()
    for (const text of ['<', '<a>;', '<a>; x="', '<a>; x=" , ', ', ', '<a>; x= '])
      parseLinks([text.repeat(100_000 / text.length)])
    expect(performance.now() - started).toBeLessThan(1000)
  })
})
