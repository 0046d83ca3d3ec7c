import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { hostFault } from '../../src/image/host.ts'
import {
  expandReference,
  formatReference,
  parseReference,
  type ReferenceErrorKind,
  ReferenceSyntaxError,
} from '../../src/image/reference.ts'

const D = `sha256:${'f'.repeat(64)}`
const here = { registry: 'crg.apkg.io', workspace: 'acme' }

const failureOf = (action: () => unknown): ReferenceSyntaxError => {
  try {
    action()
  } catch (error) {
    if (error instanceof ReferenceSyntaxError) return error
    throw error
  }
  throw new Error('expected a ReferenceSyntaxError')
}

describe('a reference that is not one is refused with the reason', () => {
  it.each<[string, ReferenceErrorKind, string]>([
    ['', 'empty', 'it is empty'],
    ['https://crg.apkg.io/acme/base', 'format', 'it begins with "https://"; write it without'],
    ['docker://acme/base:1.4', 'format', 'it begins with "docker://"; write it without'],
    ['acme/ba se', 'format', 'white space or a control character stands at character 8'],
    [' base', 'format', 'white space or a control character stands at character 1'],
    ['base:$TAG', 'format', '"$" at character 6 is not allowed in a reference; was a variable not replaced?'],
    ['base:1,4', 'format', '"," at character 7 is not allowed in a reference'],
    ['bäse', 'format', '"ä" at character 2 is not allowed in a reference'],
    ['base😀', 'format', '"😀" at character 5 is not allowed in a reference'],
    ['base@', 'format', 'it ends with "@"; a digest such as sha256:… belongs there'],
    ['base@1.4', 'format', 'after "@" comes a digest such as sha256:…; a tag goes after ":"'],
    [`base@${D}@${D}`, 'format', 'it has two "@"'],
    [
      'base@sha256:abc',
      'format',
      'after "@" comes a digest: the algorithm, ":" and at least 32 hexadecimal characters (sha256 has 64)',
    ],
    [
      `base@sha256:${'f'.repeat(63)}`,
      'digest-length',
      'the digest after "@": sha256 has 64 hexadecimal characters, not 63',
    ],
    [
      `base@sha256:${'F'.repeat(64)}`,
      'digest-format',
      'the digest after "@": "F" at character 8 is not a lower-case hexadecimal character',
    ],
    [
      `base@md5:${'f'.repeat(32)}`,
      'digest-unsupported',
      'the digest after "@": the algorithm "md5" is not supported (sha256, sha384, sha512)',
    ],
    ['base:', 'format', 'the tag after ":" is empty; is the variable behind it set?'],
    [`base:@${D}`, 'format', 'the tag after ":" is empty; is the variable behind it set?'],
    ['acme/base:1:2', 'format', 'it has two tags, or a port with no "/" after it'],
    [`base:${'a'.repeat(129)}`, 'format', 'the tag has 129 characters, at most 128 are allowed'],
    [
      'base:-1',
      'format',
      'the tag "-1" has "-" at character 1; it consists of letters, digits, "_", "." and "-" and does not begin with "." or "-"',
    ],
    [':1.4', 'format', 'there is no name before the tag or the digest'],
    [`@${D}`, 'format', 'there is no name before the tag or the digest'],
    ['/acme/base', 'format', 'it begins with "/"'],
    ['acme/base/', 'format', 'the name ends with "/"'],
    ['crg.apkg.io/', 'format', 'the name ends with "/"'],
    ['acme//base', 'format', 'it has two "/" in a row'],
    ['crg.apkg.io/acme//base', 'format', 'it has two "/" in a row'],
    ['[::1]:5000', 'format', 'an address in brackets is a host; "/" and a path belong after it'],
    ['[::1]', 'format', 'an address in brackets is a host; "/" and a path belong after it'],
    [
      'base:1.4/x',
      'format',
      '"1.4/x" has a "/", which no tag may have; if it is the name of a branch, make a slug of it before the pipe (${BITBUCKET_BRANCH//\\//-}) and write "base:1.4-x"',
    ],
    [
      `crg.apkg.io/acme/base:feature/login@${D}`,
      'format',
      '"feature/login" has a "/", which no tag may have; if it is the name of a branch, make a slug of it before the pipe (${BITBUCKET_BRANCH//\\//-}) and write "crg.apkg.io/acme/base:feature-login"',
    ],
    [
      '"base:1.4"',
      'format',
      '"\\"" at character 1 is not allowed in a reference; are there quotation marks inside of others?',
    ],
    ['base:/x', 'format', 'the port after "base" is empty'],
    ['fc00::1:5000/x', 'format', '"fc00::1:5000" is not a host with or without a port'],
    [
      'acme/Base:1.4',
      'uppercase',
      'the name has an upper-case letter, "B" at character 1 of "Base"; did you mean "acme/base:1.4"?',
    ],
    [
      'Base:1.4',
      'uppercase',
      'the name has an upper-case letter, "B" at character 1 of "Base"; did you mean "base:1.4"?',
    ],
    [
      'acme/dock..er',
      'format',
      '"dock..er" is not a valid part of a name: it begins and ends with a letter or digit, and between them stands one ".", one or two "_", or "-"',
    ],
    ['acme/a+b', 'format', '"+" at character 2 of "a+b" is not allowed in a name'],
    [`a/${'b'.repeat(256)}`, 'too-long', 'the path has 256 characters, at most 255 are allowed'],
  ])('%j', (text, kind, reason) => {
    expect(failureOf(() => parseReference(text))).toMatchObject({ kind, reason })
  })

  it('and the message quotes it, but no password of a URL', () => {
    const { message } = failureOf(() => parseReference('https://me:secret@crg.apkg.io/acme/base'))
    expect(message).toBe(
      '"https://…@crg.apkg.io/acme/base" is not an image reference: it begins with "https://"; write it without',
    )
  })

  it('in time proportional to its length, however it is made', () => {
    const started = performance.now()
    for (const piece of ['a', 'a-', 'a.', 'a_', 'a/', '-', ':', '@', '[', 'A']) {
      expect(() => parseReference(`${piece.repeat(50_000)}!`)).toThrow(ReferenceSyntaxError)
    }
    expect(performance.now() - started).toBeLessThan(2000)
  })
})

describe('a reference of the contract is completed', () => {
  it.each([
    ['base', 'crg.apkg.io/acme/base:latest'],
    ['base:1.4', 'crg.apkg.io/acme/base:1.4'],
    [`base@${D}`, `crg.apkg.io/acme/base@${D}`],
    [`base:1.4@${D}`, `crg.apkg.io/acme/base:1.4@${D}`],
    ['base.v2:1.4', 'crg.apkg.io/acme/base.v2:1.4'],
    ['other/base:1.4', 'crg.apkg.io/other/base:1.4'],
    ['my_team/base', 'crg.apkg.io/my_team/base:latest'],
    ['other/base/debug', 'crg.apkg.io/other/base/debug:latest'],
    ['crg.apkg.io/other/base:1.4', 'crg.apkg.io/other/base:1.4'],
    ['ghcr.io/other/base', 'ghcr.io/other/base:latest'],
    ['docker.io/alpine:3', 'docker.io/library/alpine:3'],
    ['index.docker.io/alpine:3', 'docker.io/library/alpine:3'],
    ['index.docker.io/acme/base', 'docker.io/acme/base:latest'],
    ['crg.apkg.io:443/acme/base', 'crg.apkg.io:443/acme/base:latest'],
    ['[2001:db8::0:1]/x', '[2001:db8::0:1]/x:latest'],
    ['localhost/base', 'localhost/base:latest'],
    ['localhost:5000/x', 'localhost:5000/x:latest'],
    ['host:5000/x:1', 'host:5000/x:1'],
    ['[::1]:5000/x', '[::1]:5000/x:latest'],
    ['LOCALDOMAIN/x', 'LOCALDOMAIN/x:latest'],
  ])('%s → %s', (text, full) => {
    const reference = expandReference(text, here)
    expect(formatReference(reference)).toBe(full)
    expect(reference.name).toBe(`${reference.domain}/${reference.path}`)
    expect(full.startsWith(reference.name)).toBe(true)
  })

  it('a lone name needs the workspace; a name with a slash does not', () => {
    const nowhere = { registry: 'crg.apkg.io', workspace: undefined }
    expect(failureOf(() => expandReference('base:1.4', nowhere))).toMatchObject({
      kind: 'workspace',
      reason:
        'it is short for crg.apkg.io/<workspace>/base, and the workspace is not known here (BITBUCKET_WORKSPACE is empty); write the name in full',
    })
    expect(expandReference('acme/base', nowhere).name).toBe('crg.apkg.io/acme/base')
  })

  it.each([
    ['1.2.3.256/x:1', '"1.2.3.256" is neither a host name nor an address'],
    ['10.0.0.1.5:5000/x', '"10.0.0.1.5" is neither a host name nor an address'],
    ['my.0x/x', '"my.0x" is neither a host name nor an address'],
    ['[::1::2]:5000/x', '"[::1::2]" is neither a host name nor an address'],
    ['0x7f.1/x', '"0x7f.1" would be read as "127.0.0.1"'],
    ['1.2.3/x', '"1.2.3" would be read as "1.2.0.3"'],
    ['example.com:99999/x', '"99999" is not a port, a number from 1 to 65535'],
    ['example.com:0/x', '"0" is not a port, a number from 1 to 65535'],
    ['example.com:0443/x', '"0443" is not a port, a number from 1 to 65535'],
  ])('a host that no address can have is refused: %s', (text, reason) => {
    expect(failureOf(() => expandReference(text, here))).toMatchObject({ kind: 'format', reason })
  })

  it.each(['', 'sha256:'])('the id of an image is explained (%s…)', (prefix) => {
    expect(failureOf(() => expandReference(prefix + 'f'.repeat(64), here))).toMatchObject({
      kind: 'identifier',
      reason:
        'it is the id of an image in an engine, which no registry knows; write the name and the digest instead: name@sha256:…',
    })
  })

  it('the reason tells which name it stood for when only that name is wrong', () => {
    expect(failureOf(() => expandReference('base', { ...here, workspace: 'Acme' })).reason).toBe(
      'it stands for "crg.apkg.io/Acme/base"; there, the name has an upper-case letter, "A" at character 1 of "Acme"; did you mean "crg.apkg.io/acme/base"?',
    )
    expect(failureOf(() => expandReference('base', { ...here, registry: 'registry' })).reason).toBe(
      'it stands for "registry/acme/base", which begins with no host',
    )
  })
})

const joined = (unit: fc.Arbitrary<string>, separator: fc.Arbitrary<string>, maxLength: number) =>
  fc
    .tuple(unit, fc.array(fc.tuple(separator, unit), { maxLength }))
    .map(([first, rest]) => first + rest.flat().join(''))

const word = fc.stringMatching(/^[a-z0-9]{1,6}$/)
const component = joined(word, fc.constantFrom('.', '_', '__', '-', '---'), 2)
const label = fc.stringMatching(/^[a-zA-Z0-9]([a-zA-Z0-9-]{0,5}[a-zA-Z0-9])?$/)
const host = fc.oneof(
  joined(label, fc.constant('.'), 3),
  fc.constantFrom('[::1]', '[2001:db8::1]', '127.0.0.1'),
)
const port = fc.option(fc.integer({ min: 1, max: 65535 }), { nil: undefined })
const domain = fc
  .tuple(host, port)
  .map(([name, number]) => (number === undefined ? name : `${name}:${number}`))
  // A host that ends in a number is an address, and most of these are none.
  .filter((text) => hostFault(text) === undefined)
const reference = fc.record({
  domain: fc.option(domain, { nil: undefined }),
  path: joined(component, fc.constant('/'), 3),
  tag: fc.option(fc.stringMatching(/^\w[\w.-]{0,20}$/), { nil: undefined }),
  digest: fc.option(
    fc.stringMatching(/^[a-f0-9]{64}$/).map((hex) => `sha256:${hex}`),
    { nil: undefined },
  ),
})

describe('for every reference', () => {
  it('printing what was parsed gives the text back, and the parts join to the name', () => {
    fc.assert(
      fc.property(reference, (parts) => {
        const text = formatReference(parts)
        const parsed = parseReference(text)
        expect(formatReference(parsed)).toBe(text)
        expect([parsed.tag, parsed.digest]).toEqual([parts.tag, parts.digest])
        expect(formatReference({ ...parsed, tag: undefined, digest: undefined })).toBe(
          formatReference({ ...parts, tag: undefined, digest: undefined }),
        )
      }),
    )
  })

  it('completing what was completed changes nothing', () => {
    fc.assert(
      fc.property(reference, (parts) => {
        // The grammar has hosts that are none, such as `a.0`.
        fc.pre(parts.path.split('/').every((part) => hostFault(part) === undefined))
        fc.pre(parts.domain === undefined || hostFault(parts.domain) === undefined)
        const once = expandReference(formatReference(parts), here)
        expect(
          expandReference(formatReference(once), { registry: 'else.where', workspace: undefined }),
        ).toEqual(once)
      }),
    )
  })
})

describe('for every text whatever', () => {
  const nearly = fc.string({ unit: fc.constantFrom(...'aZ0:/@.-_[]% $é\n+'), maxLength: 40 })
  it('parsing and completing give a result or the typed error, never anything else', () => {
    fc.assert(
      fc.property(fc.oneof(nearly, fc.string({ unit: 'binary' })), (text) => {
        for (const action of [() => parseReference(text), () => expandReference(text, here)]) {
          try {
            action()
          } catch (error) {
            expect(error).toBeInstanceOf(ReferenceSyntaxError)
            expect((error as ReferenceSyntaxError).reason).not.toBe('')
          }
        }
      }),
      { numRuns: 1000 },
    )
  })
})
