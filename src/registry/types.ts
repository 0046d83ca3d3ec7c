import { type Document, isPresent } from './document.ts'

const oci = 'application/vnd.oci.image'
const docker = 'application/vnd.docker.distribution.manifest'

/** The media types of indexes and manifests that are asked for. */
export const accepted = [
  `${oci}.index.v1+json`,
  `${oci}.manifest.v1+json`,
  `${docker}.list.v2+json`,
  `${docker}.v2+json`,
]

/** Whether a media type is an index's or an image's; undefined for any other. */
export const kindOf = (mediaType: string): 'index' | 'image' | undefined => {
  if (!accepted.includes(mediaType)) return undefined
  return /\.(?:index|list)\./.test(mediaType) ? 'index' : 'image'
}

/**
 * Who defined a media type of an index or a manifest: the formats are the same, but a document of Docker's names its
 * own type.
 */
export const familyOf = (mediaType: string): 'oci' | 'docker' | undefined => {
  if (!accepted.includes(mediaType)) return undefined
  return mediaType.startsWith(docker) ? 'docker' : 'oci'
}

/**
 * Whether a media type is too general to say what it is of: servers that do not know the type send one of many such.
 */
export const isGeneral = (mediaType: string): boolean => !/^application\/vnd\./.test(mediaType)

/** Whether this is the manifest of 2015, by the type that it is said to have, by its own or by its fields. */
export const isSchema1 = (document: Document | undefined, stated: string): boolean => {
  if (schema1.test(stated)) return true
  if (document === undefined) return false
  const { mediaType, schemaVersion, fsLayers, manifests, config, layers } = document
  if (schema1.test(mediaType)) return true
  return (schemaVersion === 1 || isPresent(fsLayers)) && ![manifests, config, layers].some(isPresent)
}

const schema1 = /^application\/vnd\.docker\.distribution\.manifest\.v1\+/
