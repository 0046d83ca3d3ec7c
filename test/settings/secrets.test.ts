import { describe, expect, it } from 'vitest'
import { secretsOf } from '../../src/settings/secrets.ts'

const SECRET = 'p@ss/w"rd+1'
const USER = 'x-packages'

describe('the secrets of an environment', () => {
  const { mask } = secretsOf({
    BITBUCKET_PACKAGES_USERNAME: USER,
    BITBUCKET_PACKAGES_TOKEN: `${SECRET}\n`,
    API_TOKEN: 'ATATT3xyz',
    LANG: 'C',
  })

  it.each([
    ['as it is', SECRET],
    ['URL-encoded', encodeURIComponent(SECRET)],
    ['as a form has it', new URLSearchParams({ a: SECRET }).toString().slice(2)],
    ['in JSON', JSON.stringify({ a: SECRET })],
    ['in a Basic Authorization header', Buffer.from(`${USER}:${SECRET}`).toString('base64')],
    ['as base64url', Buffer.from(`${USER}:${SECRET}`).toString('base64url')],
  ])('masks a secret %s', (_, form) => {
    const masked = mask(`before ${form} after`)
    expect(masked).toContain('****')
    expect(masked).not.toContain(form)
    expect(masked).toMatch(/^before .* after$/)
  })

  it('masks every occurrence, and every secret', () => {
    expect(mask(`${SECRET} ATATT3xyz ${SECRET}`)).toBe('**** **** ****')
  })

  it('masks the password in the URL of a proxy', () => {
    const proxy = secretsOf({ HTTPS_PROXY: 'http://user:pass-word@proxy.example.com:3128' })
    expect(proxy.mask('no answer from http://user:pass-word@proxy.example.com:3128')).toBe(
      'no answer from http://user:****@proxy.example.com:3128',
    )
  })

  it('masks the password of a proxy however it is written, with its % and without', () => {
    const { mask: maskProxy } = secretsOf({
      HTTPS_PROXY: 'user:pass%21word%2B1@proxy:3128',
      https_proxy: 'http://me:hun/ter#two@proxy',
    })
    expect(maskProxy('pass%21word%2B1 pass!word+1 hun/ter#two')).toBe('**** **** ****')
    expect(maskProxy(Buffer.from('user:pass!word+1').toString('base64'))).toBe('****')
  })

  it('masks what begins as a token does, whatever the variable is called', () => {
    const masking = secretsOf({ IMAGE: 'base:ATATT3xFfGF0', NOTE: `see ghp_${'a1B2'.repeat(9)}, please` })
    expect(masking.mask(`ATATT3xFfGF0 ghp_${'a1B2'.repeat(9)} base please`)).toBe('**** **** base please')
  })

  it('masks a secret that RUN_ENV holds itself', () => {
    const masking = secretsOf({ RUN_ENV_0: 'NPM_TOKEN=hunter-two-2', RUN_ENV_1: 'LEVEL=everything-is-said' })
    expect(masking.mask('hunter-two-2 everything-is-said')).toBe('**** everything-is-said')
    expect(secretsOf({ RUN_ENV: 'A=1 NPM_TOKEN=hunter-two-2' }).mask('hunter-two-2')).toBe('****')
  })

  it.each([
    ['an everyday word', { DB_PASSWORD: 'acme', PG_PASSWORD: 'postgres' }],
    ['a number', { MAX_TOKENS: '4096', TOKEN_TTL: '1234567890' }],
    ['a flag', { USE_SECRETS: 'true' }],
    ['the name of the workspace', { DB_PASSWORD: 'acme-team-1', BITBUCKET_WORKSPACE: 'acme-team-1' }],
    [
      'something about a secret',
      { API_TOKEN_USERNAME: 'my-user-name', TOKEN_FILE: '/run/secrets/t', SECRET_NAME: 'a-long-name' },
    ],
  ])('leaves %s readable', (_, env) => {
    for (const value of Object.values(env))
      expect(secretsOf(env).mask(`Pulled ${value}`)).toBe(`Pulled ${value}`)
  })

  it('masks its own credentials, be they everyday words', () => {
    expect(secretsOf({ API_TOKEN: 'acme', BITBUCKET_PACKAGES_TOKEN: 'postgres' }).mask('acme postgres')).toBe(
      '**** ****',
    )
  })

  it('takes any value, also half of a pair of characters', () => {
    expect(secretsOf({ API_TOKEN: '\ud800-secret' }).mask('x')).toBe('x')
  })

  it('leaves text without secrets as it is', () => {
    expect(mask('x-packages pulled C')).toBe('x-packages pulled C')
  })
})
