import { describe, expect, it } from 'vitest'
import type { Credential } from '../../src/credential.ts'
import { type Code, PipeError } from '../../src/errors.ts'
import { expandReference } from '../../src/image/reference.ts'
import { diagnose } from '../../src/lookup/diagnosis.ts'
import type { Failure } from '../../src/lookup/failure.ts'

const builtIn: Credential = { kind: 'built-in', username: 'x-packages', secret: 's' }
const apiToken: Credential = { kind: 'api-token', username: 'reader@example.com', secret: 't' }

interface Case {
  image?: string
  code?: Code
  said?: string | undefined
  /** The failure with the API token, if that was tried. */
  other?: Partial<Failure> & { code?: Code; said?: string }
  given?: Credential[]
  tags?: string[]
}

const explained = ({
  image = 'base:1.4',
  code = 'PKG-ACCESS-DENIED',
  said,
  other,
  tags,
  ...more
}: Case): PipeError => {
  const reference = expandReference(image, { registry: 'crg.apkg.io', workspace: 'acme' })
  const failed = (each: Code, words?: string) =>
    new PipeError(each, `${image} may not be read (403)`, { said: words })
  const failures: Failure[] = [{ credential: builtIn, error: failed(code, said), tags }]
  if (other) failures.push({ credential: apiToken, error: failed(other.code ?? code, other.said) })
  const { given = [builtIn, ...(other ? [apiToken] : [])] } = more
  return diagnose(failures, { image: reference, registry: 'crg.apkg.io', repository: 'acme/app', given })
}

describe('a refusal in the words that every registry has for it', () => {
  it.each([
    undefined,
    'denied',
    'DENIED: requested access to the resource is denied',
    'DENIED: requested access is denied: {"Type":"repository","Name":"acme/base","Action":"pull"}',
    'UNAUTHORIZED: authentication required',
    'unauthorized',
    'UNAUTHORIZED: access to the requested resource is not authorized',
    'HTTP 403 without a word',
    'DENIED: acme/base does not exist in this workspace, or access is denied',
    "Error response from daemon: pull access denied for crg.apkg.io/acme/base, repository does not exist or may require 'docker login': denied: requested access to the resource is denied",
    'Error response from daemon: Head "https://crg.apkg.io/v2/acme/base/manifests/1.4": no basic auth credentials',
  ])('is explained by its usual causes: %s', (said) => {
    const { why, hint } = explained({ said })
    expect(why).toContain('Either the package "base" is linked to another repository than acme/app')
    expect(hint).toContain('Check the spelling; link the package')
  })
})

describe('a refusal with a reason of its own', () => {
  it.each([
    'DENIED: To access this repository, an admin must whitelist your IP.',
    'Your plan does not include Packages; contact billing@example.com',
    'DENIED: two-step verification is needed for this workspace',
  ])('comes before all guesses: %s', (said) => {
    const { why, hint } = explained({ said })
    expect(why).toContain('The registry gives a reason of its own')
    expect(why).not.toMatch(/linked to another|there is no package/)
    expect(hint).toMatch(/^Do what the reason asks for\./)
  })

  it('is no reason where it says that there is no such package', () => {
    const { why } = explained({
      code: 'PKG-PACKAGE-UNKNOWN',
      said: 'NAME_UNKNOWN: nobody pushed it to our shelf',
    })
    expect(why).toContain('there is no package "base"')
  })

  it('is told of the second credential too, though its code is the same', () => {
    const { why } = explained({ said: 'denied', other: { said: 'DENIED: your address is not on the list' } })
    expect(why).toContain('With the API token: PKG-ACCESS-DENIED')
    expect(why).toContain('your address is not on the list')
  })

  it('is told once where both credentials get it', () => {
    const said = 'DENIED: your address is not on the list'
    expect(explained({ said, other: { said } }).why).not.toContain('With the API token')
  })

  it('is not explained as an old pair of credentials', () => {
    const { why } = explained({
      code: 'PKG-AUTH-REFUSED',
      said: 'This account was suspended by its organisation',
    })
    expect(why).not.toContain('a pair that is refused is an old one')
  })
})

describe('the hint of a refusal', () => {
  it.each([
    ['node:20', 'docker.io/library/node:20'],
    ['atlassian/default-image:4', 'docker.io/atlassian/default-image:4'],
    [`node@sha256:${'a'.repeat(64)}`, `docker.io/library/node@sha256:${'a'.repeat(64)}`],
  ])('says how Docker Hub’s image of the name %s is written', (image, hub) => {
    expect(explained({ image, said: 'denied' }).hint).toContain(
      `Docker Hub's image of that name is written ${hub}.`,
    )
    expect(explained({ image, code: 'PKG-PACKAGE-UNKNOWN' }).hint).toContain(hub)
  })

  it.each<[string, Credential[], RegExp]>([
    ['asks for an API token where there is none', [builtIn], /give API_TOKEN_USERNAME and API_TOKEN/],
    [
      'does not ask for the one that was given',
      [builtIn, apiToken],
      /give an API token whose account may read it/,
    ],
  ])('%s', (_name, given, expected) => {
    expect(explained({ said: 'denied', given }).hint).toMatch(expected)
  })
})

describe('a tag that does not exist', () => {
  it('is explained by those that do, also in another registry', () => {
    for (const image of ['base:1.5', 'docker.io/library/base:1.5']) {
      const { hint } = explained({ image, code: 'PKG-TAG-UNKNOWN', tags: ['1.4', '2.0', 'latest'] })
      expect(hint).toBe('Use a tag that exists, nearest first: 1.4, 2.0, latest.')
    }
  })

  it('is left as it is where they are not known', () => {
    expect(explained({ code: 'PKG-TAG-UNKNOWN' }).hint).toBe('Check the tag under Packages in the workspace.')
  })
})
