import { describe, expect, it } from 'vitest'
import { clean, redactor, secretsOf } from '../../src/report/redact.ts'

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

describe('remote text', () => {
  it.each([
    ['escape sequences', '\u001b[31mred\u001b[0m', 'red'],
    ['links that hide their target', '\u001b]8;;http://evil\u0007ok\u001b]8;;\u0007', 'ok'],
    ['carriage returns that overwrite a line', 'bad\r✔ all fine', 'bad\n✔ all fine'],
    ['reordering characters', 'a\u202eb', 'ab'],
    ['other control characters', 'a\u0000\u0008b\tc', 'ab c'],
  ])('is printed without %s', (_, text, cleaned) => {
    expect(clean(text)).toBe(cleaned)
  })
})
