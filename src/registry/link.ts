/** One link of a Link field (RFC 8288): where it leads, and its relations in lower case. */
export interface Link {
  target: string
  relations: readonly string[]
}

/**
 * Reads Link fields, each of which may hold several links (RFC 8288, section 3). Anything else in them is passed over.
 */
export const parseLinks = (fields: readonly string[]): Link[] =>
  fields.flatMap((field) =>
    [...field.matchAll(LINK)].map(([, target = '', parameters = '']) => ({
      target,
      relations: relationsIn(parameters),
    })),
  )

// A quoted text may hold commas and semicolons; an address may hold commas.
const LINK = /<([^<>]*)>((?:[^<>,"]|"(?:[^"\\]|\\.)*")*)/g

// If a link has several `rel`, the first counts (section 3.3).
const relationsIn = (parameters: string): string[] => {
  const all = parameters.matchAll(/;\s*([^\s"=,;<]+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s",;]*)))?/g)
  const rel = [...all].find(([, name]) => name?.toLowerCase() === 'rel')
  return (rel?.[2] ?? rel?.[3] ?? '').toLowerCase().split(/\s+/).filter(Boolean)
}
