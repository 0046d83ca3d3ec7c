import { describe, expect, it } from 'vitest'
import { PipeError } from '../../src/errors.ts'
import { readSettings } from '../../src/settings/settings.ts'

const TOKEN = 'tok-3f9a1c'

const env = {
  PATH: '/usr/bin',
  CI: 'true',
  BITBUCKET_WORKSPACE: 'acme',
  BITBUCKET_REPO_FULL_NAME: 'acme/app',
  BITBUCKET_PACKAGES_USERNAME: 'x-packages',
  BITBUCKET_PACKAGES_TOKEN: TOKEN,
  IMAGE: 'base:1.4',
}

const failure = (environment: Record<string, string | undefined>): PipeError => {
  try {
    readSettings(environment)
  } catch (error) {
    if (error instanceof PipeError) return error
    throw error
  }
  throw new Error('These settings were accepted.')
}

describe('settings', () => {
  it('need the image and the built-in pair, nothing else', () => {
    expect(readSettings(env)).toEqual({
      images: [
        {
          name: 'crg.apkg.io/acme/base',
          domain: 'crg.apkg.io',
          path: 'acme/base',
          tag: '1.4',
          digest: undefined,
        },
      ],
      registry: 'crg.apkg.io',
      builtIn: { kind: 'built-in', username: 'x-packages', secret: TOKEN },
      apiToken: undefined,
      pullPolicies: ['always'],
      store: undefined,
      platform: undefined,
      authRealmHosts: undefined,
      checkOnly: false,
      concurrency: undefined,
      maxAttempts: 5,
      timeout: 15 * 60_000,
      run: undefined,
      repository: 'acme/app',
      warnings: [],
    })
  })

  it('take images as a YAML list, as one string, and of another workspace or registry', () => {
    const names = (environment: Record<string, string>) =>
      readSettings({ ...env, IMAGE: undefined, ...environment }).images.map(({ name }) => name)
    expect(names({ IMAGE_COUNT: '2', IMAGE_0: 'base:1', IMAGE_1: 'other/tools' })).toEqual([
      'crg.apkg.io/acme/base',
      'crg.apkg.io/other/tools',
    ])
    expect(names({ IMAGE: 'base, registry.example.com/a/b:2' })).toEqual([
      'crg.apkg.io/acme/base',
      'registry.example.com/a/b',
    ])
  })

  it('name the registry as the login does, however its capitals are written', () => {
    expect(
      readSettings({ ...env, IMAGE: 'CRG.apkg.io/acme/base:1', REGISTRY: 'Crg.Apkg.IO' }).images[0]?.name,
    ).toBe('crg.apkg.io/acme/base')
  })

  it('need no credentials for images of other registries alone', () => {
    const settings = readSettings({ PATH: '/usr/bin', IMAGE: 'registry.example.com/a/b:2' })
    expect(settings.builtIn).toBeUndefined()
  })

  it('without credentials say that the plan may have no Packages', () => {
    const error = failure({
      ...env,
      BITBUCKET_PACKAGES_USERNAME: '',
      BITBUCKET_PACKAGES_TOKEN: '$BITBUCKET_PACKAGES_TOKEN',
    })
    expect(error).toMatchObject({ code: 'PKG-CREDENTIALS-MISSING', exitCode: 2 })
    expect(error.why).toContain('plan')
  })

  it('report every problem at once, each with the variable, the value, what is allowed and an example', () => {
    const error = failure({ ...env, IMAGE: 'Base:1 base:2:3', REGISTRY: 'https://crg.apkg.io', DEBUG: 'yes' })
    expect(error).toMatchObject({ code: 'PKG-CONFIG', exitCode: 2 })
    const lines = error.message.split('\n')
    expect(lines[0]).toBe('4 variables are not valid:')
    expect(lines.slice(1).map((line) => line.split(':')[0])).toEqual([
      '- IMAGE',
      '- IMAGE',
      '- REGISTRY',
      '- DEBUG',
    ])
    expect(error.message).toContain('"Base:1"')
    expect(error.message).toContain(
      '- REGISTRY: "https://crg.apkg.io" is not a host name. Allowed: a host name',
    )
    expect(error.message).toContain(`Example: DEBUG: 'true'`)
  })

  it('say which half of the pair is missing, and never its value', () => {
    const error = failure({ ...env, BITBUCKET_PACKAGES_USERNAME: undefined })
    expect(error.message).toContain('BITBUCKET_PACKAGES_USERNAME: is missing')
    expect(error.message).not.toContain(TOKEN)
  })

  it('take limits, platform and policy', () => {
    const settings = readSettings({
      ...env,
      PLATFORM: 'linux/arm64/v8',
      TIMEOUT: '1h30m',
      MAX_ATTEMPTS: '1',
      CONCURRENCY: '8',
      CHECK_ONLY: 'True',
      AUTH_REALM_HOSTS: 'Auth.example.com other.example.com:8443',
    })
    expect(settings).toMatchObject({
      platform: { os: 'linux', architecture: 'arm64', variant: 'v8' },
      timeout: 90 * 60_000,
      maxAttempts: 1,
      concurrency: 8,
      checkOnly: true,
      authRealmHosts: ['auth.example.com', 'other.example.com:8443'],
    })
  })

  it.each([
    ['PLATFORM', 'arm64', 'linux/arm64'],
    ['TIMEOUT', '15', 'is not a duration'],
    ['TIMEOUT', '0s', 'is out of range'],
    ['TIMEOUT', '25h', 'is out of range'],
    ['MAX_ATTEMPTS', '0', 'is out of range'],
    ['MAX_ATTEMPTS', 'many', 'is not a whole number'],
    ['CONCURRENCY', '33', 'is out of range'],
    ['AUTH_REALM_HOSTS', 'https://auth.example.com/', 'is not a host name'],
  ])('refuse %s=%s', (name, value, message) => {
    expect(failure({ ...env, [name]: value })).toMatchObject({ code: 'PKG-CONFIG' })
    expect(failure({ ...env, [name]: value }).message).toContain(message)
  })

  it('take an API token with its e-mail address, and miss the address where it is absent or none', () => {
    const pair = { API_TOKEN_USERNAME: 'reader@example.com', API_TOKEN: 'ATATT-1' }
    expect(readSettings({ ...env, ...pair }).apiToken).toEqual({
      kind: 'api-token',
      username: 'reader@example.com',
      secret: 'ATATT-1',
    })
    expect(failure({ ...env, API_TOKEN: 'ATATT-1' }).message).toContain(
      'API_TOKEN_USERNAME: is missing, API_TOKEN is there',
    )
    const named = failure({ ...env, ...pair, API_TOKEN_USERNAME: 'reader' })
    expect(named.message).toContain('API_TOKEN_USERNAME: "reader" is not an e-mail address')
    expect(named.message).not.toContain('ATATT-1')
  })

  it.each(['BITBUCKET_PACKAGES_TOKEN', 'API_TOKEN'])(
    'recognise an access token in %s without printing it',
    (name) => {
      const error = failure({
        ...env,
        API_TOKEN_USERNAME: 'reader@example.com',
        API_TOKEN: 'ATATT-1',
        [name]: 'ATCTT-x1',
      })
      expect(error).toMatchObject({ code: 'PKG-ACCESS-TOKEN', exitCode: 3 })
      expect(error.message).toContain(name)
      expect(`${error.message}${error.why}${error.hint}`).not.toContain('ATCTT-x1')
    },
  )

  it('say that IMAGE is missing', () => {
    expect(failure({ ...env, IMAGE: undefined }).message).toContain('IMAGE: is missing')
  })

  it('say that a short name needs a workspace', () => {
    expect(failure({ ...env, BITBUCKET_WORKSPACE: undefined }).message).toContain(
      'BITBUCKET_WORKSPACE is empty',
    )
  })

  it('refuse a list where one value is expected', () => {
    expect(failure({ ...env, REGISTRY_COUNT: '1', REGISTRY_0: 'a' }).message).toContain('REGISTRY: is a list')
  })

  it.each([
    ['IMAGES', 'IMAGE'],
    ['TOKEN', 'BITBUCKET_PACKAGES_TOKEN'],
    ['REGISTY', 'REGISTRY'],
    ['PLATFROM', 'PLATFORM'],
    ['BITBUCKET_PACKAGE_TOKEN', 'BITBUCKET_PACKAGES_TOKEN'],
    ['OUTPUT_DIRECTORY', 'OUTPUT_DIR'],
    ['IMAGES_COUNT', 'IMAGE'],
  ])('ask for %s whether %s was meant, and do not print its value', (name, meant) => {
    const error = failure({ ...env, [name]: 'value-of-it' })
    expect(error.message).toContain(`${name}: this pipe has no such variable; did you mean ${meant}?`)
    expect(error.message).not.toContain('value-of-it')
    expect(error.exitCode).toBe(2)
  })

  it.each([
    'HOME',
    'PATH',
    'BITBUCKET_STEP_UUID',
    'BITBUCKET_DOCKER_HOST_INTERNAL',
    'PIPELINES_JWT_TOKEN',
    'NODE_ENV',
    'HOSTNAME',
    'DOCKER_HOST',
    'LANG',
    'TERM',
    'USER',
    'TAG',
  ])('have nothing against %s, which others set', (name) => {
    expect(() => readSettings({ ...env, [name]: 'anything' })).not.toThrow()
  })
})
