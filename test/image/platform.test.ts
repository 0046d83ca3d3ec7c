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
    ['*', `"*" at character 1 is not allowed; ${form}`],
    ['linux /arm', `" " at character 6 is not allowed; ${form}`],
    ['windows(10.0.17763)/amd64', `"(" at character 8 is not allowed; ${form}`],
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
  platform: string
  matches: string[]
  rejects: string[]
}

const vectors = testdata<{ cases: Case[] }>('platform-match.json')
const group = (name: string) => (vectors?.cases ?? []).filter((each) => each.group === name)

// Not ours are versions and features of an operating system, "windows(10.0.17763+win32k)": engines of a step run
// Linux, whose images have none.
const plain = (texts: readonly string[]) => texts.every((text) => !text.includes('('))

describe.skipIf(!vectors)(
  `platforms agree with containerd${vectors ? '' : ' (the folder of vectors is absent)'}`,
  () => {
    const parsing = group('parse').filter(({ input }) => plain([input]))
    const whole = parsing.filter(({ input }) => input.includes('/'))
    it.each(whole)('parse $input', ({ input, expected, alsoMatches, formatted }) => {
      const parsed = parsePlatform(input)
      const { os, architecture, variant } = expected
      expect({ variant: '', ...parsed }).toEqual({ os, architecture, variant })
      expect(formatPlatform(parsed)).toBe(formatted)
      expect(formatPlatform(parsePlatform(formatted))).toBe(formatted)
      for (const other of [expected, ...alsoMatches]) expect(matchPlatform(parsed).matches(other)).toBe(true)
    })

    // containerd completes half a platform from the machine that it runs on, which says nothing of the engine's.
    const halves = parsing.filter(({ input }) => !input.includes('/'))
    it.each(halves)('parse $input, half a platform', ({ input, formatted }) => {
      const expected = ['linux', 'macOS', 'windows'].includes(input)
        ? 'it has no architecture'
        : `did you mean "${formatted}"?`
      expect(() => parsePlatform(input)).toThrow(expected)
    })

    it.each(group('parse-invalid'))('parse-invalid $input', ({ input }) => {
      expect(() => parsePlatform(input)).toThrow(PlatformError)
    })

    // Nor are the rows of "only-os", which takes any architecture, and of "only-strict", which takes nothing but the
    // platform itself: neither is what an engine runs. Every row of "order" is about features.
    const judging = group('match').filter(({ matcher }) => matcher === 'only')
    it.each(judging)('match $platform', ({ platform, matches, rejects }) => {
      const judge = matchPlatform(parsePlatform(platform))
      const judged = (texts: string[]) => texts.filter((text) => judge.matches(parsePlatform(text)))
      expect(judged(matches.filter((text) => plain([text])))).toEqual(matches.filter((text) => plain([text])))
      expect(judged(rejects)).toEqual([])
    })

    it('every row is of a group that is looked at here', () => {
      expect(new Set(vectors?.cases.map((each) => each.group))).toEqual(
        new Set(['parse', 'parse-invalid', 'format-all', 'match', 'order']),
      )
      expect([whole.length, halves.length, judging.length]).toEqual([7, 10, 13])
    })
  },
)
