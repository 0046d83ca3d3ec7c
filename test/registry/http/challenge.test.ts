import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseChallenges } from '../../../src/registry/http/challenge.ts'
import { testdata } from '../../testdata.ts'

interface Case {
  origin: string
  name: string
  headers: string[]
  scheme: string | null
  params: Record<string, string> | null
  paramsMatch: 'exact' | 'contains'
  filter?: { service: string }
  remaining?: number
}

const vectors = testdata<{ cases: Case[] }>('challenge-parse.json')

describe.skipIf(vectors === undefined)(
  vectors ? 'the vectors of other clients' : 'vectors: folder absent',
  () => {
    for (const { origin, name, headers, scheme, params, paramsMatch, filter, remaining } of vectors?.cases ??
      []) {
      it(`reads ${origin}: ${name}`, () => {
        const found = parseChallenges(headers).filter(
          (each) => filter === undefined || each.params.service === filter.service,
        )
        if (remaining !== undefined) expect(found).toHaveLength(remaining)
        // "unknown" is that client's value for no challenge and for schemes that it does not speak.
        if (scheme === 'unknown')
          expect(found.every((each) => !['basic', 'bearer'].includes(each.scheme))).toBe(true)
        else if (scheme !== null) expect(found[0]?.scheme).toBe(scheme)
        // `null` says that this client reads no parameters of any scheme but Bearer. Ours reads them all, so
        // for Basic there is nothing to compare; for Bearer it means that there are none.
        if (params === null && scheme === 'bearer') expect(found[0]?.params).toEqual({})
        if (params !== null && paramsMatch === 'exact') expect(found[0]?.params).toEqual(params)
        if (params !== null && paramsMatch === 'contains') expect(found[0]?.params).toMatchObject(params)
      })
    }
  },
)

describe('parseChallenges', () => {
  it.each([
    ['several challenges in one field', ['Basic realm="a, b", Bearer realm="https://a/t",service=s']],
    ['several fields', ['Basic realm="a, b"', 'Bearer realm="https://a/t", service="s"']],
    ['empty list elements', [', ,Basic realm="a, b",, ,Bearer realm="https://a/t", ,service=s,']],
  ])('reads %s', (_, headers) => {
    expect(parseChallenges(headers)).toEqual([
      { scheme: 'basic', params: { realm: 'a, b' } },
      { scheme: 'bearer', params: { realm: 'https://a/t', service: 's' } },
    ])
  })

  it('reads a token68 and the challenge that follows it', () => {
    expect(parseChallenges(['Negotiate YII/+==, NTLM , Basic realm=x'])).toEqual([
      { scheme: 'negotiate', params: {}, token68: 'YII/+==' },
      { scheme: 'ntlm', params: {} },
      { scheme: 'basic', params: { realm: 'x' } },
    ])
  })

  it('compares scheme and parameter names without regard to case, and keeps the first of two', () => {
    expect(parseChallenges(['BEARER Realm="a",REALM="b"'])).toEqual([
      { scheme: 'bearer', params: { realm: 'a' } },
    ])
  })

  it('reads an address without quotes, which servers send though the grammar asks for them', () => {
    expect(parseChallenges(['Bearer realm=https://auth.example.com/token?a=b,service=s'])).toEqual([
      { scheme: 'bearer', params: { realm: 'https://auth.example.com/token?a=b', service: 's' } },
    ])
  })

  it.each([
    ['Bearer realm="a",service="cut'],
    ['Bearer realm="a" rubbish, Basic realm="b"'],
    ['Bearer realm="a", ="b", Basic realm="c"'],
  ])('keeps what precedes the fault in %s, and nothing after it', (header) => {
    expect(parseChallenges([header])).toEqual([{ scheme: 'bearer', params: { realm: 'a' } }])
  })

  it('reads a parameter named like a property of every object as any other', () => {
    expect(Object.entries(parseChallenges(['Bearer __proto__=x'])[0]?.params ?? {})).toEqual([
      ['__proto__', 'x'],
    ])
  })

  it('reads back every challenge that the grammar can write', () => {
    const token = fc.stringMatching(/^[A-Za-z][A-Za-z0-9._~-]{0,8}$/)
    const params = fc.dictionary(
      token.map((name) => name.toLowerCase()),
      fc.string(),
      { minKeys: 1, maxKeys: 4 },
    )
    const challenge = fc.record({ scheme: token.map((name) => name.toLowerCase()), params })
    const quote = (text: string) => `"${text.replace(/["\\]/g, '\\$&')}"`
    fc.assert(
      fc.property(fc.array(challenge, { maxLength: 4 }), (challenges) => {
        const field = challenges.map(
          ({ scheme, params }) =>
            `${scheme} ${Object.entries(params)
              .map(([name, value]) => `${name}=${quote(value)}`)
              .join(', ')}`,
        )
        const plain = challenges.map(({ scheme, params }) => ({ scheme, params: { ...params } }))
        expect(parseChallenges([field.join(', ')])).toEqual(plain)
        expect(parseChallenges(field)).toEqual(plain)
      }),
    )
  })

  it('never throws, whatever arrives', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.string(), fc.stringMatching(/^[Basicr =",\\\t]{0,40}$/))),
        (headers) => {
          for (const { scheme, params } of parseChallenges(headers)) {
            expect(scheme).toBe(scheme.toLowerCase())
            for (const value of Object.values(params)) expect(typeof value).toBe('string')
          }
        },
      ),
    )
  })
})
