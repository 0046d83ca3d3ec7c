import { createHash } from 'node:crypto'
import { characterAt, quote } from './quote.ts'

/** The hash algorithms that a digest may use, as `node:crypto` names them. */
type Algorithm = 'sha256' | 'sha384' | 'sha512'

export interface Digest {
  algorithm: Algorithm
  /** Lower-case hexadecimal. */
  encoded: string
}

/** `unsupported` is a well-formed digest of an algorithm that this pipe cannot compute. */
export type DigestErrorKind = 'format' | 'length' | 'unsupported'

/** What is wrong with a digest: `reason` alone, or `message` with the digest itself. */
export class DigestError extends Error {
  readonly kind: DigestErrorKind
  readonly reason: string

  constructor(kind: DigestErrorKind, text: string, reason: string) {
    super(`${quote(text)} is not a digest: ${reason}`)
    this.name = 'DigestError'
    this.kind = kind
    this.reason = reason
  }
}

// The OCI does not name sha384, but go-digest knows it, and so does the engine.
const hexLength: Record<Algorithm, number> = { sha256: 64, sha384: 96, sha512: 128 }

const grammar = /^[a-z0-9]+(?:[.+_-][a-z0-9]+)*:[a-zA-Z0-9=_-]+$/

/**
 * Parses a digest such as `sha256:e58f…` (image-spec, descriptor.md, "Digests").
 *
 * @throws {DigestError} for anything else
 */
export const parseDigest = (text: string): Digest => {
  const colon = text.indexOf(':')
  if (colon < 1 || colon === text.length - 1) {
    throw new DigestError('format', text, 'it has the form sha256:… with 64 hexadecimal characters')
  }
  const algorithm = text.slice(0, colon)
  const encoded = text.slice(colon + 1)
  if (!isAlgorithm(algorithm)) {
    if (grammar.test(text)) {
      throw new DigestError(
        'unsupported',
        text,
        `the algorithm ${quote(algorithm)} is not supported (${all})`,
      )
    }
    throw new DigestError('format', text, 'it has the form sha256:… with 64 hexadecimal characters')
  }
  if (encoded.length !== hexLength[algorithm]) {
    const reason = `${algorithm} has ${hexLength[algorithm]} hexadecimal characters, not ${encoded.length}`
    throw new DigestError('length', text, reason)
  }
  const offending = encoded.search(/[^a-f0-9]/)
  if (offending >= 0) {
    const at = characterAt(text, colon + 1 + offending)
    throw new DigestError('format', text, `${at} is not a lower-case hexadecimal character`)
  }
  return { algorithm, encoded }
}

/** The digest of these bytes, `sha256:…` unless another algorithm is asked for. */
export const digestOf = (bytes: Uint8Array | string, algorithm: Algorithm = 'sha256'): string =>
  `${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}`

const all = Object.keys(hexLength).join(', ')

const isAlgorithm = (text: string): text is Algorithm => Object.hasOwn(hexLength, text)
