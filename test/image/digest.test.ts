import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DigestError, type DigestErrorKind, digestOf, parseDigest } from '../../src/image/digest.ts'
import { testdata } from '../testdata.ts'

const EMPTY = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'

describe('a digest', () => {
  it('of bytes is their sha256, or another hash when asked', () => {
    expect(digestOf(new Uint8Array())).toBe(`sha256:${EMPTY}`)
    expect(digestOf(Buffer.from('abc'))).toBe(
      'sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    )
    expect(digestOf('abc', 'sha512')).toMatch(/^sha512:ddaf35a193617aba.{112}$/)
  })

  it('of any bytes with any algorithm parses into its two parts', () => {
    fc.assert(
      fc.property(
        fc.uint8Array(),
        fc.constantFrom('sha256' as const, 'sha384' as const, 'sha512' as const),
        (bytes, algorithm) => {
          const text = digestOf(bytes, algorithm)
          expect(parseDigest(text)).toEqual({ algorithm, encoded: text.slice(7) })
        },
      ),
    )
  })

  it.each<[string, DigestErrorKind, string]>([
    ['latest', 'format', '"latest" is not a digest: it has the form sha256:… with 64 hexadecimal characters'],
    ['sha256:ab', 'length', '"sha256:ab" is not a digest: sha256 has 64 hexadecimal characters, not 2'],
    [
      'md5:d41d8cd98f00b204e9800998ecf8427e',
      'unsupported',
      '"md5:d41d8cd98f00b204e9800998ecf8427e" is not a digest: the algorithm "md5" is not supported (sha256, sha384, sha512)',
    ],
    [
      'constructor:ab',
      'unsupported',
      '"constructor:ab" is not a digest: the algorithm "constructor" is not supported (sha256, sha384, sha512)',
    ],
    [
      `sha256:${EMPTY.slice(0, 63)}/`,
      'format',
      `"sha256:${EMPTY.slice(0, 63)}/" is not a digest: "/" at character 71 is not a lower-case hexadecimal character`,
    ],
    [
      'sha-256:\n',
      'format',
      '"sha-256:\\n" is not a digest: it has the form sha256:… with 64 hexadecimal characters',
    ],
  ])('%j is refused with the reason', (text, kind, message) => {
    expect(() => parseDigest(text)).toThrow(expect.objectContaining({ name: 'DigestError', kind, message }))
  })

  it('never fails to parse with anything but the typed error', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'sha256:5f é\n_') }), (text) => {
        expect(() => parseDigest(text)).toThrow(DigestError)
      }),
    )
  })
})

interface Case {
  input: string
  algorithm: string | null
  encoded: string | null
  error: string | null
}

const kinds: Record<string, DigestErrorKind> = {
  ErrDigestInvalidFormat: 'format',
  ErrDigestInvalidLength: 'length',
  ErrDigestUnsupported: 'unsupported',
}

const vectors = testdata<{ cases: Case[] }>('digest.json')

describe.skipIf(!vectors)(
  `parsing agrees with go-digest${vectors ? '' : ' (the folder of vectors is absent)'}`,
  () => {
    it.each(vectors?.cases ?? [])('$input', ({ input, algorithm, encoded, error }) => {
      if (error === null) return expect(parseDigest(input)).toEqual({ algorithm, encoded })
      return expect(() => parseDigest(input)).toThrow(expect.objectContaining({ kind: kinds[error] }))
    })
  },
)
