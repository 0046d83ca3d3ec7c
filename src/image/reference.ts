import { DigestError, parseDigest } from './digest.ts'
import { hubName } from './docker-hub.ts'
import { explain } from './explain.ts'
import { cut, holds, type Parts } from './grammar.ts'
import { hostFault } from './host.ts'
import { quote } from './quote.ts'

/** An image reference as it is written: any part but the path may be absent. */
type Reference = Parts

/** An image reference with nothing left to guess. It has a tag, a digest or both. */
export interface ImageReference {
  /** `domain/path`, the repository's full name. */
  name: string
  /** The registry's host, and port if one is given. */
  domain: string
  path: string
  tag: string | undefined
  digest: string | undefined
}

export type ReferenceErrorKind =
  | 'empty'
  | 'format'
  | 'uppercase'
  | 'too-long'
  | 'identifier'
  | 'workspace'
  | `digest-${'format' | 'length' | 'unsupported'}`

/** What is wrong with a reference: `reason` alone, or `message` with the reference itself. */
export class ReferenceSyntaxError extends Error {
  readonly kind: ReferenceErrorKind
  readonly reason: string

  constructor(kind: ReferenceErrorKind, text: string, reason: string) {
    super(`${quote(text)} is not an image reference: ${reason}`)
    this.name = 'ReferenceSyntaxError'
    this.kind = kind
    this.reason = reason
  }
}

const LONGEST_PATH = 255

/**
 * Parses a reference by the grammar of github.com/distribution/reference, with nothing added: `base` has no domain and
 * no tag, and the first component of `acme/base` counts as a domain.
 *
 * @throws {ReferenceSyntaxError} for anything else
 */
export const parseReference = (text: string): Reference => {
  const parts = cut(text)
  if (!holds(parts)) throw new ReferenceSyntaxError(kindOfFault(text), text, explain(text))
  if (parts.path.length > LONGEST_PATH) {
    const reason = `the path has ${parts.path.length} characters, at most ${LONGEST_PATH} are allowed`
    throw new ReferenceSyntaxError('too-long', text, reason)
  }
  if (parts.digest !== undefined) checkDigest(text, parts.digest)
  return parts
}

/** Writes a reference: `[domain/]path[:tag][@digest]`. */
export const formatReference = ({ domain, path, tag, digest }: Reference): string =>
  [
    domain === undefined ? '' : `${domain}/`,
    path,
    tag === undefined ? '' : `:${tag}`,
    digest === undefined ? '' : `@${digest}`,
  ].join('')

/**
 * Completes the short forms: `base:1.4` is a package of the workspace, `acme/base:1.4` one of the workspace acme, both
 * in `registry`. A name that begins with a host stays, with Docker Hub's in their long form. Without tag and digest,
 * the tag is `latest`.
 *
 * @throws {ReferenceSyntaxError} also for a lone name if the workspace is not known (`workspace`), and for a host that
 *   no address can have
 */
export const expandReference = (
  text: string,
  { registry, workspace }: { registry: string; workspace: string | undefined },
): ImageReference => {
  const parsed = parseReference(text)
  if (/^(?:sha256:)?[a-f0-9]{64}$/.test(text)) {
    const reason =
      'it is the id of an image in an engine, which no registry knows; write the name and the digest instead: name@sha256:…'
    throw new ReferenceSyntaxError('identifier', text, reason)
  }
  const { domain, path } = hubName(
    isHost(parsed.domain)
      ? { domain: parsed.domain, path: parsed.path }
      : complete(text, parsed, { registry, workspace }),
  )
  const fault = hostFault(domain)
  if (fault !== undefined) throw new ReferenceSyntaxError('format', text, fault)
  const tag = parsed.tag ?? (parsed.digest === undefined ? 'latest' : undefined)
  return { name: `${domain}/${path}`, domain, path, tag, digest: parsed.digest }
}

/**
 * Whether the first part of a name is a host, decided as distribution does: an organisation has no dot, no colon and no
 * upper-case letter.
 */
export const isHost = (domain: string | undefined): domain is string =>
  domain !== undefined && (domain === 'localhost' || /[.:A-Z]/.test(domain))

const complete = (
  text: string,
  parsed: Reference,
  { registry, workspace }: { registry: string; workspace: string | undefined },
) => {
  const first = parsed.domain ?? (parsed.path.includes('/') ? undefined : workspace)
  if (first === undefined && !parsed.path.includes('/')) {
    const reason = `it is short for ${registry}/<workspace>/${parsed.path}, and the workspace is not known here (BITBUCKET_WORKSPACE is empty); write the name in full`
    throw new ReferenceSyntaxError('workspace', text, reason)
  }
  const full = [registry, ...(first === undefined ? [] : [first]), parsed.path].join('/')
  try {
    const { domain, path } = parseReference(full)
    if (isHost(domain)) return { domain, path }
  } catch (error) {
    if (!(error instanceof ReferenceSyntaxError)) throw error
    throw new ReferenceSyntaxError(error.kind, text, `it stands for ${quote(full)}; there, ${error.reason}`)
  }
  throw new ReferenceSyntaxError('format', text, `it stands for ${quote(full)}, which begins with no host`)
}

// The same three answers as distribution: empty, valid in lower case, or malformed.
const kindOfFault = (text: string): ReferenceErrorKind => {
  if (text === '') return 'empty'
  return holds(cut(text.toLowerCase())) ? 'uppercase' : 'format'
}

const checkDigest = (text: string, digest: string) => {
  try {
    parseDigest(digest)
  } catch (error) {
    if (!(error instanceof DigestError)) throw error
    throw new ReferenceSyntaxError(`digest-${error.kind}`, text, `the digest after "@": ${error.reason}`)
  }
}
