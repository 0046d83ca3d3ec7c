import { describe, expect, it } from 'vitest'
import { isStock, limitIn } from '../../../src/registry/http/words.ts'

const name = 'crg.apkg.io/acme/quota-service:1.4'

describe('isStock', () => {
  it.each([
    undefined,
    '',
    'HTTP 403 without a word',
    'DENIED: denied',
    'DENIED: requested access to the resource is denied',
    'UNAUTHORIZED: authentication required',
    'unauthorized: access to the requested resource is not authorized',
    'denied: requested access to acme/quota-service is denied',
    'DENIED: You do not have access to repository "acme/quota-service"',
    'insufficient_scope',
    'incorrect username or password',
    'invalid_grant: bad credentials',
    'repository crg.apkg.io/acme/quota-service not found: does not exist or no pull access',
  ])('of %j is true', (said) => {
    expect(isStock(said, name)).toBe(true)
  })

  it.each([
    'DENIED: To access this repository, an admin must whitelist your IP.',
    'The access token expired',
    'Two-step verification is needed for this workspace.',
    'This workspace is over its user limit.',
    'an HTML page: Blocked by policy',
  ])('of %j is false', (said) => {
    expect(isStock(said, name)).toBe(false)
  })
})

describe('limitIn', () => {
  it.each([
    ['You have reached your pull rate limit.', 'PKG-QUOTA'],
    ['storage quota exceeded', 'PKG-QUOTA'],
    ['Rate exceeded', 'PKG-RATE-LIMIT'],
    ['toomanyrequests: slow down', 'PKG-RATE-LIMIT'],
    ['too many failed login attempts for username or IP address', 'PKG-LOCKOUT'],
    ['requested access to the resource is denied', undefined],
    ['no rights on quota-service', undefined],
    ['"quota-service" in acme', undefined],
    ['https://crg.apkg.io/v2/acme/other-quota/manifests/1.4 is denied', undefined],
  ])('reads %j', (words, expected) => {
    expect(limitIn(words, name)).toBe(expected)
  })
})
