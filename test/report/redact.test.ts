import { describe, expect, it } from 'vitest'
import { redactor, secretsOf } from '../../src/report/redact.ts'

const SECRET = 'p@ss/w"rd+1'
const USER = 'x-packages'

describe('redaction', () => {
  const redact = redactor(
    secretsOf({
      BITBUCKET_PACKAGES_USERNAME: USER,
      BITBUCKET_PACKAGES_TOKEN: `${SECRET}\n`,
      API_TOKEN: 'ATATT3xyz',
      LANG: 'C',
    }),
  )

  it.each([
    ['as it is', SECRET],
    ['URL-encoded', encodeURIComponent(SECRET)],
    ['in JSON', JSON.stringify({ a: SECRET })],
    ['in a Basic Authorization header', Buffer.from(`${USER}:${SECRET}`).toString('base64')],
    ['as base64url', Buffer.from(`${USER}:${SECRET}`).toString('base64url')],
  ])('masks a secret %s', (_, form) => {
    const masked = redact(`before ${form} after`)
    expect(masked).toContain('****')
    expect(masked).not.toContain(form)
    expect(masked).toMatch(/^before .* after$/)
  })

  it('masks every occurrence, and every secret', () => {
    expect(redact(`${SECRET} ATATT3xyz ${SECRET}`)).toBe('**** **** ****')
  })

  it('leaves text without secrets as it is', () => {
    expect(redact('x-packages pulled C')).toBe('x-packages pulled C')
  })
})
