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

  it('leaves text without secrets as it is', () => {
    expect(mask('x-packages pulled C')).toBe('x-packages pulled C')
  })
})
