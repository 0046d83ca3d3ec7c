import { expect, it } from 'vitest'
import { environmentOf } from '../../src/run/environment.ts'

const settings = { commands: 'true', shell: undefined, cloneFolder: '/clone', passed: {} }

it('passes what says where the pipeline is, and no secret', () => {
  const env = {
    CI: 'true',
    BITBUCKET_BRANCH: 'main',
    BITBUCKET_TAG: '',
    BITBUCKET_PACKAGES_TOKEN: 'a',
    BITBUCKET_STEP_OIDC_TOKEN: 'b',
    BITBUCKET_CLIENT_SECRET: 'c',
    PIPELINES_JWT_TOKEN: 'd',
    API_TOKEN: 'e',
    DOCKER_HOST: 'tcp://host.docker.internal:2375',
    PATH: '/opt/packages-pull/bin',
    NODE_OPTIONS: '--use-openssl-ca',
    IMAGE: 'base:1.4',
  }
  expect(environmentOf(env, settings)).toEqual({
    CI: 'true',
    BITBUCKET_BRANCH: 'main',
    DOCKER_HOST: 'tcp://host.docker.internal:2375',
  })
})

it('passes what RUN_ENV passes, before its own', () => {
  const passed = { CI: 'no', PIPELINES_JWT_TOKEN: 'jwt', EMPTY: '' }
  expect(environmentOf({ CI: 'true' }, { ...settings, passed })).toEqual(passed)
})
