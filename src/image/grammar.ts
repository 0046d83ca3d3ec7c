// The terminals of https://github.com/distribution/reference/blob/main/reference.go, anchored.

const label = '[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?'

/** Host name, IPv4 address or IPv6 address in brackets (no zone), and a port. */
export const domainGrammar = new RegExp(`^(?:${label}(?:\\.${label})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?$`)
/** One component of a repository's path, between slashes. */
export const componentGrammar = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/
/** A tag, of at most 128 characters. */
export const tagGrammar = /^\w[\w.-]{0,127}$/
/** Wider than a valid digest (see `digest.ts`): it only finds the digest in a reference. */
export const digestGrammar = /^[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}$/

export interface Parts {
  domain: string | undefined
  path: string
  tag: string | undefined
  digest: string | undefined
}

/** Cuts a text where the parts of a reference meet; the parts themselves may still be wrong. */
export const cut = (text: string): Parts => {
  const at = text.indexOf('@')
  const named = at < 0 ? text : text.slice(0, at)
  const digest = at < 0 ? undefined : text.slice(at + 1)
  // A colon before the last slash introduces a port; `host:5000` alone is a name with a tag.
  const colon = named.indexOf(':', named.lastIndexOf('/') + 1)
  const name = colon < 0 ? named : named.slice(0, colon)
  const tag = colon < 0 ? undefined : named.slice(colon + 1)
  const slash = name.indexOf('/')
  return slash > 0 && domainGrammar.test(name.slice(0, slash))
    ? { domain: name.slice(0, slash), path: name.slice(slash + 1), tag, digest }
    : { domain: undefined, path: name, tag, digest }
}

/** Whether the parts make a reference; only the outer form of a digest is checked. */
export const holds = ({ path, tag, digest }: Parts): boolean =>
  path.split('/').every((component) => componentGrammar.test(component)) &&
  (tag === undefined || tagGrammar.test(tag)) &&
  (digest === undefined || digestGrammar.test(digest))
