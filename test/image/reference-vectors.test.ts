import { describe, expect, it } from 'vitest'
import { familiarName } from '../../src/image/docker-hub.ts'
import {
  expandReference,
  formatReference,
  parseReference,
  type ReferenceErrorKind,
  ReferenceSyntaxError,
} from '../../src/image/reference.ts'
import { testdata } from '../testdata.ts'

interface ParseCase {
  input: string
  domain: string
  repository: string
  tag: string
  digest: string
  error: string | null
}

const kinds: Record<string, ReferenceErrorKind> = {
  ErrNameEmpty: 'empty',
  ErrReferenceInvalidFormat: 'format',
  ErrNameContainsUppercase: 'uppercase',
  ErrNameTooLong: 'too-long',
  ErrDigestInvalidLength: 'digest-length',
  ErrDigestUnsupported: 'digest-unsupported',
}

const kindOf = (action: () => unknown) => {
  try {
    return void action()
  } catch (error) {
    return error instanceof ReferenceSyntaxError ? error.kind : error
  }
}

const parsing = testdata<{ cases: ParseCase[] }>('reference-parse.json')

describe.skipIf(!parsing)(
  `the strict parser agrees with distribution${parsing ? '' : ' (the folder of vectors is absent)'}`,
  () => {
    it.each(parsing?.cases ?? [])('$input', ({ input, repository, domain, tag, digest, error }) => {
      if (input.includes('@sha512:')) {
        // The vectors' note: a parser that supports sha512 may accept this row, and this one does.
        expect(parseReference(input)).toMatchObject({ path: 'validname' })
      } else if (error !== null) {
        expect(kindOf(() => parseReference(input))).toBe(kinds[error])
      } else {
        const parsed = parseReference(input)
        const name = parsed.domain === undefined ? parsed.path : `${parsed.domain}/${parsed.path}`
        expect([name, parsed.domain ?? '', parsed.tag ?? '', parsed.digest ?? '']).toEqual([
          repository,
          domain,
          tag,
          digest,
        ])
        expect(formatReference(parsed)).toBe(input)
      }
    })
  },
)

interface NormalizeCase {
  group: string
  input: string
  inputs: string[]
  valid: boolean
  domain: string
  path: string
  fullName: string
  familiarName: string
  expected: string
}

const normalizing = testdata<{ cases: NormalizeCase[] }>('reference-normalize.json')
const group = (...names: string[]) =>
  (normalizing?.cases ?? []).filter((each) => names.includes(each.group)) as NormalizeCase[]

// Docker Hub's defaulting is not ours: a short name means Packages. With Docker Hub's host as the registry and
// `library` as the workspace both come to the same.
const hub = { registry: 'docker.io', workspace: 'library' }

describe.skipIf(!normalizing)(
  `completing agrees with distribution${normalizing ? '' : ' (the folder of vectors is absent)'}`,
  () => {
    it.each(group('name'))('name $input', ({ input, valid }) => {
      if (valid) expect(expandReference(input, hub).path).not.toBe('')
      else expect(() => expandReference(input, hub)).toThrow(ReferenceSyntaxError)
    })

    it.each(group('tag', 'digest'))('$group $input', ({ group: part, input, valid }) => {
      expect(valid).toBe(false)
      const text = part === 'tag' ? `base:${input}` : `base@${input}`
      expect(() => parseReference(text)).toThrow(ReferenceSyntaxError)
    })

    it.each(group('repository-info').flatMap((row) => row.inputs.map((input) => ({ ...row, input }))))(
      'repository-info $input',
      ({ input, domain, path, fullName, familiarName: shortName }) => {
        expect(expandReference(input, hub)).toMatchObject({ name: fullName, domain, path })
        expect(familiarName(fullName)).toBe(shortName)
      },
    )

    it.each(group('split'))('split $input', ({ input, domain, path }) => {
      expect(expandReference(input, hub)).toMatchObject({ domain, path })
    })

    // Of `docker-ref` the added tag is ours; that it drops a tag beside a digest is not: we keep both.
    it.each(group('docker-ref'))('docker-ref $input', ({ input, expected }) => {
      const text = formatReference(expandReference(input, hub))
      const both = input.includes('@') && input.includes(':latest@')
      if (both) return expect(text.replace(':latest@', '@')).toBe(expected)
      return expect(text).toBe(expected)
    })

    it.each(group('tag-and-digest'))('tag-and-digest $input', ({ input, fullName }) => {
      expect(formatReference(expandReference(input, hub))).toBe(fullName)
    })
  },
)
