import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { editDistance, nearest, nearestTags } from '../src/suggest.ts'

const variables = [
  'IMAGE',
  'BITBUCKET_PACKAGES_USERNAME',
  'BITBUCKET_PACKAGES_TOKEN',
  'API_TOKEN_USERNAME',
  'API_TOKEN',
  'REGISTRY',
  'PULL_POLICY',
  'PLATFORM',
  'STORE',
  'RUN',
  'RUN_ENV',
  'RUN_SHELL',
  'KEEP_LOGIN',
  'OUTPUT_DIR',
  'CHECK_ONLY',
  'CONCURRENCY',
  'MAX_ATTEMPTS',
  'TIMEOUT',
  'AUTH_REALM_HOSTS',
  'DEBUG',
]

describe('a variable that does not exist', () => {
  it.each([
    ['IMAGES', ['IMAGE']],
    ['image', ['IMAGE']],
    ['PLATFROM', ['PLATFORM']],
    ['BITBUCKET_PACKAGE_TOKEN', ['BITBUCKET_PACKAGES_TOKEN']],
    ['PULLPOLICY', ['PULL_POLICY']],
    ['RUN_ENVS', ['RUN_ENV']],
    ['TIME_OUT', ['TIMEOUT']],
    ['AUTH_REALM_HOST', ['AUTH_REALM_HOSTS']],
    ['RUNS', ['RUN']],
  ])('%s is likely one of %j', (word, expected) => {
    expect(nearest(word, variables)).toEqual(expected)
  })

  it.each([
    'PATH',
    'HOME',
    'CI',
    'A',
    '',
    '_',
    'NODE_VERSION',
    'HOSTNAME',
    'USERNAME',
    'SHELL',
    'LANG',
    'DOCKER_HOST',
    'X'.repeat(1000),
  ])('%j is like none', (word) => {
    expect(nearest(word, variables)).toEqual([])
  })

  it('has as many suggestions as asked for', () => {
    expect(nearest('RUN_EN', variables, 1)).toEqual(['RUN_ENV'])
  })
})

describe('a tag that does not exist', () => {
  it.each<[string, string[], string[]]>([
    ['1.4', ['latest', '2.0', '1.3', '1.40', '1.5'], ['1.3', '1.5', '1.40', '2.0', 'latest']],
    ['1.10', ['1.1', '1.9', '1.11', '1.100'], ['1.11', '1.9', '1.1', '1.100']],
    ['1.4.2', ['1.4.1', '1.4', '1.5.2', '2.4.2'], ['1.4.1', '1.4', '1.5.2', '2.4.2']],
    ['1.4', ['1.5', '1.4-alpine', '1.4.2'], ['1.4.2', '1.4-alpine', '1.5']],
    ['v1.4', ['1.4', 'v1.3', 'v2.0'], ['v1.3', 'v2.0', '1.4']],
    ['lastest', ['1.0', 'stable', 'latest'], ['latest', 'stable', '1.0']],
    ['main-abc123', ['main-abc124', 'dev-abc123', 'main-zzz'], ['main-abc124', 'main-zzz', 'dev-abc123']],
    ['LATEST', ['latest', 'edge'], ['latest', 'edge']],
    ['1.04', ['1.4', '1.5'], ['1.4', '1.5']],
    ['anything', [], []],
  ])('%s: of %j the order is %j', (tag, existing, expected) => {
    expect(nearestTags(tag, existing)).toEqual(expected)
  })

  it('is compared with thousands quickly', () => {
    const existing = Array.from({ length: 5000 }, (_, index) => `build-${index}-with-a-long-name-behind-it`)
    const started = performance.now()
    expect(nearestTags('build-4711', existing, 3)[0]).toBe('build-4711-with-a-long-name-behind-it')
    expect(performance.now() - started).toBeLessThan(2000)
  })
})

describe('the edit distance', () => {
  it.each<[string, string, number]>([
    ['', '', 0],
    ['', 'abc', 3],
    ['abc', 'acb', 1],
    ['ca', 'abc', 3],
    ['kitten', 'sitting', 3],
  ])('from %j to %j is %i', (from, to, expected) => {
    expect(editDistance(from, to)).toBe(expected)
  })

  it('is symmetric, 0 for equal texts only, and at most the longer length', () => {
    const text = fc.string({ unit: fc.constantFrom(...'abc'), maxLength: 8 })
    fc.assert(
      fc.property(text, text, (a, b) => {
        const distance = editDistance(a, b)
        expect(editDistance(b, a)).toBe(distance)
        expect(distance === 0).toBe(a === b)
        expect(distance).toBeLessThanOrEqual(Math.max(a.length, b.length))
        expect(distance).toBeGreaterThanOrEqual(Math.abs(a.length - b.length))
      }),
    )
  })

  it('of neighbours exchanged is 1', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 2 }), fc.nat(), (text, seed) => {
        const units = text.split('')
        const index = seed % (units.length - 1)
        const swapped = [...units]
        swapped[index] = units[index + 1] ?? ''
        swapped[index + 1] = units[index] ?? ''
        expect(editDistance(text, swapped.join(''))).toBe(swapped.join('') === text ? 0 : 1)
      }),
    )
  })
})
