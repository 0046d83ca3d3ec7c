import { describe, expect, it } from 'vitest'
import { choosePlatform, listPlatforms, matchPlatform } from '../../src/image/match.ts'
import { formatPlatform, type Platform, PlatformError, parsePlatform } from '../../src/image/platform.ts'
import { testdata } from '../testdata.ts'

describe('a platform that is not one is refused with the reason', () => {
  const form = 'a platform has the form os/arch[/variant], such as linux/amd64 or linux/arm64/v8'
  it.each([
    ['', `it is empty; ${form}`],
    ['linux/', `a part of it is empty; ${form}`],
    ['linux/arm/v7/x', `it has 4 parts; ${form}`],
    ['linux', `it has no architecture; ${form}`],
    ['arm64', 'it has no operating system; did you mean "linux/arm64"?'],
    ['armel', 'it has no operating system; did you mean "linux/arm/v6"?'],
    ['laptop', `it is neither an operating system nor an architecture; ${form}`],
    ['*', `it is neither an operating system nor an architecture; ${form}`],
    ['linux /arm', '" " at character 6 is not allowed in an operating system'],
    ['linux(a/arm', '"(" at character 6 is not allowed in an operating system'],
    ['windows(%zz)/amd64', 'after "%" stand two hexadecimal digits'],
    ['linux/arm,amd64', `"," at character 10 is not allowed; ${form}`],
  ])('%j', (text, reason) => {
    expect(() => parsePlatform(text)).toThrow(PlatformError)
    expect(() => parsePlatform(text)).toThrow(
      expect.objectContaining({ message: `${JSON.stringify(text)} is not a platform: ${reason}` }),
    )
  })
})

describe('choosing from an index', () => {
  const index = (...texts: (string | undefined)[]) =>
    texts.map((text, position) => ({
      position,
      platform: text === undefined ? undefined : { variant: '', ...parsePlatform(text) },
    }))

  it.each<[string, (string | undefined)[], number | undefined]>([
    ['linux/amd64', ['linux/arm64', 'linux/amd64'], 1],
    ['linux/amd64', ['linux/386', 'linux/amd64'], 1],
    ['linux/amd64', ['linux/arm64', 'linux/386'], 1],
    ['linux/amd64', ['linux/amd64/v3', 'linux/arm64'], undefined],
    ['linux/amd64/v3', ['linux/amd64', 'linux/amd64/v2', 'linux/amd64/v4'], 1],
    ['linux/arm64', ['linux/arm/v7', 'linux/arm64/v8'], 1],
    ['linux/arm64/v8', ['linux/arm/v6', 'linux/arm/v7', 'linux/amd64'], 1],
    ['linux/amd64', ['linux/amd64', 'linux/amd64'], 0],
    ['linux/amd64', [], undefined],
    ['linux/amd64', ['unknown/unknown'], undefined],
    ['linux/amd64', [undefined, 'linux/amd64'], 1],
    ['linux/amd64', ['linux/arm64', undefined], 1],
  ])('a machine of %s takes from %j number %j', (wanted, offered, position) => {
    expect(choosePlatform(index(...offered), parsePlatform(wanted))?.position).toBe(position)
  })

  it('what is offered is listed once, without attestations', () => {
    expect(
      listPlatforms(index('linux/amd64', undefined, 'unknown/unknown', 'linux/arm64/v8', 'linux/amd64')),
    ).toEqual(['linux/amd64', 'linux/arm64/v8'])
  })
})

interface Case {
  group: string
  input: string
  expected: Platform
  alsoMatches: Platform[]
  formatted: string
  matcher: string
  platform: string & Platform
  matches: string[]
  rejects: string[]
  roundTrip: boolean
  matchers: string[]
  candidates: string[]
  ordered: string[]
}

// The vectors assume this host. `parsePlatform` is told which it is, so no row depends on where tests run.
const host: Platform = { os: 'linux', architecture: 'amd64' }
const full = (platform: Platform) => ({ variant: '', osVersion: '', osFeatures: [], ...platform })
const parse = (text: string) => parsePlatform(text, host)

const vectors = testdata<{ cases: Case[] }>('platform-match.json')
const group = (name: string) => (vectors?.cases ?? []).filter((each) => each.group === name)

describe.skipIf(!vectors)(
  `platforms agree with containerd${vectors ? '' : ' (the folder of vectors is absent)'}`,
  () => {
    it.each(group('parse'))('parse $input', ({ input, expected, alsoMatches, formatted }) => {
      const parsed = parse(input)
      expect(full(parsed)).toEqual(expected)
      expect(formatPlatform(parsed)).toBe(formatted)
      expect(formatPlatform(parse(formatted))).toBe(formatted)
      for (const other of [expected, ...alsoMatches]) expect(matchPlatform(parsed).matches(other)).toBe(true)
    })

    it.each(group('parse-invalid'))('parse-invalid $input', ({ input }) => {
      expect(() => parse(input)).toThrow(PlatformError)
    })

    it.each(group('format-all'))('format-all $formatted', ({ platform, formatted, roundTrip }) => {
      expect(formatPlatform(platform)).toBe(formatted)
      if (!roundTrip) return
      const { osVersion, osFeatures } = full(parse(formatted))
      expect({ osVersion, osFeatures }).toEqual({
        osVersion: platform.osVersion,
        osFeatures: platform.osFeatures,
      })
    })

    // Not ours are the rows of "only-os", which takes any architecture: an engine of a step cannot run it.
    const judging = group('match').filter(({ matcher }) => matcher !== 'only-os')
    it.each(judging)('match $matcher $platform', ({ matcher, platform, matches, rejects }) => {
      const judge = matchPlatform(parse(platform), { strict: matcher === 'only-strict' })
      const judged = (texts: string[]) => texts.filter((text) => judge.matches(parse(text)))
      expect(judged(matches)).toEqual(matches)
      expect(judged(rejects)).toEqual([])
    })

    // For the same reason "only-os" is left out here; "ordered" and "any", made from a list of platforms, are
    // "only-strict" when the list has one, as it has in every row.
    const sorting = group('order').filter(({ matchers }) => !matchers.includes('only-os'))
    it.each(sorting)('order for $platform of $candidates', ({ platform, candidates, ordered }) => {
      for (const strict of [false, true]) {
        const { compare } = matchPlatform(parse(platform), { strict })
        expect(candidates.map(parse).sort(compare).map(formatPlatform)).toEqual(ordered)
      }
    })

    it('every row is of a group that is tested here', () => {
      expect(new Set(vectors?.cases.map((each) => each.group))).toEqual(
        new Set(['parse', 'parse-invalid', 'format-all', 'match', 'order']),
      )
      expect([judging.length, sorting.length]).toEqual([26, 6])
    })
  },
)
