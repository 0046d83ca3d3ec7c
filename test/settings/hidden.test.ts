import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { PipeError } from '../../src/errors.ts'
import { looksLikeCredential } from '../../src/settings/hidden.ts'
import { secretsOf } from '../../src/settings/secrets.ts'
import { readSettings } from '../../src/settings/settings.ts'
import { variableNames } from '../../src/settings/variables.ts'
import { problemsOf, settingsOf, step } from './fixture.ts'

const TOKEN = `ATATT3xFfGF0${'Ab9_x-Qz7'.repeat(20)}`
const OTHER = `${'Zk4'.repeat(22)}`

const piecesIn = (text: string, secret: string, length = 12) =>
  Array.from({ length: Math.max(0, secret.length - length + 1) }, (_, at) =>
    secret.slice(at, at + length),
  ).filter((piece) => text.includes(piece))

describe('a credential in a variable that is none', () => {
  const plain = variableNames.filter(
    (name) =>
      !['BITBUCKET_PACKAGES_TOKEN', 'API_TOKEN', 'RUN', 'RUN_ENV', 'BITBUCKET_PACKAGES_USERNAME'].includes(
        name,
      ),
  )

  it.each(plain)('is refused, and nothing of it is shown: %s', (name) => {
    for (const token of [TOKEN, 'ATCTT3xQ', `ghp_${'a1B2'.repeat(9)}`, `glpat-${'x'.repeat(20)}`]) {
      const text = problemsOf({ API_TOKEN: 'me@example.com', [name]: token })
      expect(text).toContain(
        `${name}: its value (not shown) looks like a credential; are API_TOKEN and API_TOKEN_USERNAME exchanged?`,
      )
      expect(piecesIn(text.toLowerCase(), token.toLowerCase(), 6)).toEqual([])
    }
  })

  it.each([
    ['IMAGE', `base:${TOKEN}`],
    ['IMAGE', `base:ghp_${'a1B2'.repeat(9)}`],
    ['IMAGE', `base:${OTHER.repeat(2)}`],
    ['IMAGE', OTHER],
    ['REGISTRY', OTHER.replaceAll('Z', '_')],
    ['PLATFORM', OTHER],
    ['TIMEOUT', OTHER],
    ['API_TOKEN_USERNAME', OTHER],
  ])('is refused in %s: %s', (name, value) => {
    const text = problemsOf({ API_TOKEN: 'me@example.com', [name]: value })
    expect(text).toContain(`${name}: its value (not shown) looks like a credential`)
    expect(piecesIn(text, value)).toEqual([])
  })

  it('is refused as a user name, which everybody can read in the arguments of docker', () => {
    const exchanged = { BITBUCKET_PACKAGES_USERNAME: 'ATATT-1', BITBUCKET_PACKAGES_TOKEN: 'x-packages' }
    expect(problemsOf(exchanged)).toContain(
      'BITBUCKET_PACKAGES_USERNAME: its value (not shown) looks like a credential; are BITBUCKET_PACKAGES_TOKEN and BITBUCKET_PACKAGES_USERNAME exchanged?',
    )
    for (const [username, secret] of [
      ['tok-3f9a1c77', 'x-packages'],
      ['k9Xw2Pq7Lm4Rt8Vb', 'x-token-auth'],
    ]) {
      const swapped = problemsOf({
        BITBUCKET_PACKAGES_USERNAME: username,
        BITBUCKET_PACKAGES_TOKEN: secret,
      })
      expect(swapped).toContain('are BITBUCKET_PACKAGES_TOKEN and BITBUCKET_PACKAGES_USERNAME exchanged?')
      expect(swapped).not.toContain(username)
    }
    const same = { BITBUCKET_PACKAGES_USERNAME: 'hunter-two-2', BITBUCKET_PACKAGES_TOKEN: 'hunter-two-2' }
    expect(problemsOf(same)).toContain(
      'its value (not shown) is the same as that of BITBUCKET_PACKAGES_TOKEN',
    )
    expect(problemsOf(same)).not.toContain('hunter')
  })

  it('is refused as a user name of an API token, however short', () => {
    const text = problemsOf({ API_TOKEN_USERNAME: 'k9Xw2Pq7', API_TOKEN: 'me@example.com' })
    expect(text).toContain(
      'API_TOKEN_USERNAME: its value (not shown) is not an e-mail address; are API_TOKEN and API_TOKEN_USERNAME exchanged?',
    )
    expect(text).not.toContain('k9Xw')
  })

  it('is refused where the value, or a piece of it, stands in another variable', () => {
    const API_TOKEN = 'k9Xw2Pq7Lm4Rt8VbZ'
    for (const IMAGE of [`base:${API_TOKEN}`, `base:1-${API_TOKEN.slice(3, 16)}`, API_TOKEN.toLowerCase()]) {
      const text = problemsOf({ API_TOKEN_USERNAME: 'me@example.com', API_TOKEN, IMAGE })
      expect(text).toContain('IMAGE: its value (not shown) looks like a credential')
      expect(piecesIn(text.toLowerCase(), API_TOKEN.toLowerCase())).toEqual([])
    }
  })

  it.each([
    `base:1.4@sha256:${'a1'.repeat(32)}`,
    `base@sha512:${'a1'.repeat(64)}`,
    'npm_registry_mirror_image_of_ours:1',
    `${'long/'.repeat(20)}base`,
    `base:feature-${'x-1'.repeat(15)}`,
  ])('is none that has its reasons to be long: %s', (IMAGE) => {
    expect(looksLikeCredential(IMAGE)).toBe(false)
    expect(settingsOf({ IMAGE }).images).toHaveLength(1)
  })
})

describe('for every secret and every variable', () => {
  const text = fc.string({ unit: 'grapheme', minLength: 0, maxLength: 30 })
  const secret = fc.oneof(
    fc.string({ unit: fc.constantFrom(...'abcXYZ019_-=+"\\ /.:@é'), minLength: 12, maxLength: 220 }),
    fc.string({ unit: 'grapheme', minLength: 12, maxLength: 60 }),
  )
  const holder = fc.constantFrom(
    'BITBUCKET_PACKAGES_TOKEN',
    'API_TOKEN',
    'NPM_TOKEN',
    'DB_PASSWORD',
    'X_API_KEY',
  )

  it('no piece of 12 characters is in a problem or a warning as the log has it', () => {
    fc.assert(
      fc.property(
        secret,
        holder,
        fc.constantFrom(...variableNames, 'BITBUCKET_WORKSPACE_', 'VERSION', 'HTTPS_PROXY'),
        fc.tuple(text, text),
        (value, name, other, [before, after]) => {
          // What is one plain word or a number is no secret by the rule of the log.
          fc.pre(/[^a-z0-9]/i.test(value.trim()) && value.trim().length >= 12)
          const env = { ...step, [other]: before + value + after, [name]: value }
          const shown = (() => {
            try {
              return readSettings(env).warnings.join('\n')
            } catch (error) {
              return (error as Error).message
            }
          })()
          expect(piecesIn(secretsOf(env).mask(shown), value.trim())).toEqual([])
        },
      ),
      { numRuns: 1000 },
    )
  }, 30_000)
})

describe('for every environment', () => {
  const names = fc.constantFrom(
    ...variableNames.flatMap((name) => [name, `${name}_COUNT`, `${name}_0`, `${name}_1`]),
    'BITBUCKET_CLONE_DIR',
    'BITBUCKET_WORKSPACE',
    'BITBUCKET_PIPE_STORAGE_DIR',
    'HTTPS_PROXY',
    'NO_PROXY',
    'constructor',
    'NPM_TOKEN',
    'A_COUNT',
  )
  const values = fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc.string({ unit: 'binary' }),
    fc.string({ unit: fc.constantFrom(...'aZ09:/@.-_[]%$=,~{}"\' \n') }),
    fc.constantFrom(
      '1',
      '2',
      'true',
      'base:1',
      'linux/amd64',
      '$X',
      '',
      '/clone',
      `a/${'b'.repeat(5000)}`,
      'X=$Y',
    ),
  )
  it('reading the settings gives settings or an error of the settings', () => {
    fc.assert(
      fc.property(fc.dictionary(names, values, { maxKeys: 25 }), fc.boolean(), (some, inStep) => {
        const env = Object.fromEntries(
          Object.entries({ ...(inStep ? step : {}), ...some }).map(([name, value]) => [
            name,
            // No environment holds these.
            value.replaceAll('\0', ''),
          ]),
        )
        try {
          readSettings(env)
        } catch (error) {
          expect(error).toBeInstanceOf(PipeError)
          expect(['PKG-CONFIG', 'PKG-CREDENTIALS-MISSING', 'PKG-ACCESS-TOKEN']).toContain(
            (error as PipeError).code,
          )
        }
      }),
      { numRuns: 1000 },
    )
  }, 30_000)
})
