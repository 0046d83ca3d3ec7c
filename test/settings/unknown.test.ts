import { describe, expect, it } from 'vitest'
import { pipe } from '../../src/pipe.ts'
import { variableNames } from '../../src/settings/variables.ts'
import { problemsOf, settingsOf, step } from './fixture.ts'

const warnings = (variables: Record<string, string>) => settingsOf(variables).warnings

describe('a variable that this pipe does not have', () => {
  it.each([
    ['RUN', 'RUN_COMMAND RUN_COMMANDS RUN_SCRIPT CMD EXEC COMMAND SCRIPT run'],
    ['RUN_ENV', 'ENV RUN_VARS ENVIRONMENT RUNENV'],
    ['STORE', 'STORE_DIR CACHE_DIR STORAGE SCORE'],
    ['PULL_POLICY', 'PULL POLICY IMAGE_PULL_POLICY PULLPOLICY pull-policy'],
    ['MAX_ATTEMPTS', 'RETRIES MAX_RETRIES RETRY_COUNT MAX_ATEMPTS'],
    ['CHECK_ONLY', 'DRY_RUN CHECKONLY'],
    ['OUTPUT_DIR', 'OUT_DIR OUTPUT_FOLDER OUTPUT'],
    ['DEBUG', 'VERBOSE'],
    ['API_TOKEN_USERNAME', 'API_TOKEN_EMAIL API_USER'],
    ['API_TOKEN', 'APITOKEN api_token API-TOKEN API_TOKENS'],
    ['AUTH_REALM_HOSTS', 'AUTH_REALM AUTH_REALM_HOST'],
    ['PLATFORM', 'ARCH PLATFORMS'],
    [
      'BITBUCKET_PACKAGES_TOKEN',
      'BITBUCKET_PACAGES_TOKEN BITBUCKET_PACKAGES_PASSWORD BITBUCKET_PACKAGE_TOKEN',
    ],
    ['BITBUCKET_PACKAGES_USERNAME', 'BITBUCKET_PACKAGES_USER BITBUCKET_PACKAGES_USRNAME'],
  ])('is an error that asks for %s, where it is %s', (meant, names) => {
    for (const name of names.split(' ')) {
      const words = `- ${name}: this pipe has no such variable; did you mean ${meant}?`
      expect(problemsOf({ [name]: 'value-of-it' })).toContain(words)
      expect(problemsOf({ [name]: 'value-of-it' })).not.toContain('value-of-it')
    }
  })

  it('is an error where a letter of ours is missing, doubled or exchanged', () => {
    const slips = variableNames.flatMap((name) =>
      [...name]
        .slice(0, -1)
        .flatMap((letter, at) => [
          name.slice(0, at) + name.slice(at + 1),
          name.slice(0, at) + letter + name.slice(at),
          name.slice(0, at) + name.charAt(at + 1) + letter + name.slice(at + 2),
        ]),
    )
    const silent = slips.filter((name) => {
      if (variableNames.some((ours) => ours === name)) return false
      try {
        settingsOf({ [name]: 'x' })
        return true
      } catch {
        return false
      }
    })
    expect(silent).toEqual([])
  })

  it('is a list once', () => {
    expect(problemsOf({ IMAGES_COUNT: '2', IMAGES_0: 'a', IMAGES_1: 'b' }).split('\n')).toEqual([
      'One variable is not valid:',
      '- IMAGES: this pipe has no such variable; did you mean IMAGE?',
    ])
    expect(warnings({ THINGS_COUNT: '2', THINGS_0: 'a', THINGS_1: 'b' })).toHaveLength(1)
  })

  it.each(['VERSION', 'KEEPER', 'constructor', 'toString', 'hasOwnProperty', 'NPM_TOKEN', 'SSH_PRIVATE_KEY'])(
    'gets one warning that it has no effect, where it is like none of ours: %s',
    (name) => {
      expect(warnings({ [name]: 'value-of-it' })).toEqual([
        `${name} has no effect: this pipe has no such variable`,
      ])
    },
  )

  it('called __proto__ is one too', () => {
    const env = JSON.parse('{ "__proto__": "x" }') as Record<string, string>
    expect(settingsOf({ ...env }).warnings).toHaveLength(Object.keys({ ...env }).length)
  })

  it.each([
    'NPM_TOKEN',
    'APP_TOKEN',
    'DEPLOY_TOKEN',
    'TOKEN',
    'PASSWORD',
    'SONAR_SECRET',
    'VERSION',
    'NODE_ENV',
  ])('is to be named in RUN_ENV where it stands beside RUN: %s', (name) => {
    expect(warnings({ RUN: 'true', [name]: 'value-of-it' })).toEqual([
      `${name} has no effect: this pipe has no such variable. To pass it to the commands of RUN, name it in RUN_ENV`,
    ])
    expect(warnings({ RUN: 'true', RUN_ENV: name, [name]: 'value-of-it' })).toEqual([])
  })

  it('beside RUN may be a misspelling or meant for its commands', () => {
    expect(problemsOf({ RUN: 'true', VERBOSE: '1' })).toContain(
      'did you mean DEBUG? To pass it to the commands of RUN, name it in RUN_ENV',
    )
  })

  it('may be of the shell that the pipe was started from by hand', () => {
    expect(warnings({ SHELL: '/bin/sh' })).toEqual([
      'SHELL has no effect: this pipe has no such variable; did you mean RUN_SHELL?',
    ])
  })
})

it('what Bitbucket, images and shells set is no reason for a warning', () => {
  const names = `CI BITBUCKET_BUILD_NUMBER BITBUCKET_BRANCH BITBUCKET_TAG BITBUCKET_COMMIT
    BITBUCKET_DEPLOYMENT_ENVIRONMENT BITBUCKET_DEPLOYMENT_ENVIRONMENT_UUID BITBUCKET_DOCKER_HOST_INTERNAL
    BITBUCKET_GIT_HTTP_ORIGIN BITBUCKET_GIT_SSH_ORIGIN BITBUCKET_PIPELINE_UUID BITBUCKET_PIPELINES_VARIABLES_PATH
    BITBUCKET_PIPE_STORAGE_DIR BITBUCKET_PIPE_SHARED_STORAGE_DIR BITBUCKET_PR_ID BITBUCKET_PR_DESTINATION_BRANCH
    BITBUCKET_PROJECT_KEY BITBUCKET_PROJECT_UUID BITBUCKET_REPO_FULL_NAME BITBUCKET_REPO_IS_PRIVATE
    BITBUCKET_REPO_OWNER BITBUCKET_REPO_OWNER_UUID BITBUCKET_REPO_SLUG BITBUCKET_REPO_UUID BITBUCKET_SSH_KEY_FILE
    BITBUCKET_STEP_RUN_NUMBER BITBUCKET_STEP_TRIGGERER_UUID BITBUCKET_STEP_UUID BITBUCKET_PARALLEL_STEP
    BITBUCKET_PARALLEL_STEP_COUNT BITBUCKET_EXIT_CODE BITBUCKET_STEP_OIDC_TOKEN PIPELINES_JWT_TOKEN DOCKER_HOST
    DOCKER_TLS_VERIFY PATH HOME HOSTNAME PWD SHLVL _ USER TERM LANG LC_ALL TZ NO_COLOR NODE_OPTIONS NODE_VERSION
    NODE_COMPILE_CACHE NODE_EXTRA_CA_CERTS SSL_CERT_FILE HTTP_PROXY http_proxy no_proxy npm_lifecycle_event
    npm_config_cache container NODE_ENV`.split(/\s+/)
  expect(warnings(Object.fromEntries(names.map((name) => [name, 'x'])))).toEqual([])
})

it('the log has a warning before the images are looked for', async () => {
  let log = ''
  const env = { ...step, PULL_POLICY: 'never', PATH: '/nowhere', NO_COLOR: '1', VERSION: '1' }
  await pipe(env, { write: (text) => (log += text), signal: new AbortController().signal })
  expect(log).toMatch(/^WARNING: VERSION has no effect: this pipe has no such variable$.*^ERROR: /ms)
})
