import { describe, expect, it } from 'vitest'
import { nearest, nearestTags } from '../src/suggest.ts'

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
    // An exchange of neighbours is one slip, also in a short word, beside another slip, and twice.
    ['IMGAE', ['IMAGE']],
    ['RNU', ['RUN']],
    ['RUN_EVN', ['RUN_ENV']],
    ['STROE', ['STORE']],
    ['PLATFROMS', ['PLATFORM']],
    ['TIEMUOT', ['TIMEOUT']],
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

  it.each<[string, (index: number) => string]>([
    ['main-1a2b3c', (index) => `main-${(index * 2654435761).toString(16).padEnd(40, 'f')}`],
    ['build-4711', (index) => `build-${index}-with-a-long-name-behind-it`],
    ['z'.repeat(128), (index) => `${'x'.repeat(110)}-${index}`],
    ['latest', (index) => `${'y'.repeat(2000)}${index}`],
  ])('%s is compared with a hundred thousand before anyone notices', (tag, nameOf) => {
    const existing = Array.from({ length: 100_000 }, (_, index) => nameOf(index))
    const started = performance.now()
    expect(nearestTags(tag, existing)).toHaveLength(5)
    // A tenth of that with nothing else to do; comparing each of them whole takes minutes.
    expect(performance.now() - started).toBeLessThan(3000)
  })

  it('is found among a hundred thousand', () => {
    const existing = Array.from(
      { length: 100_000 },
      (_, index) => `build-${index}-with-a-long-name-behind-it`,
    )
    expect(nearestTags('build-47110', existing, 2)).toEqual([
      'build-47110-with-a-long-name-behind-it',
      'build-47111-with-a-long-name-behind-it',
    ])
  })
})
