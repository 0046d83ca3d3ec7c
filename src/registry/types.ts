import { type Document, isThere } from './document.ts'

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

/** Who made up a media type of an index or a manifest: the formats are the same, but Docker's name their type. */
export const familyOf = (mediaType: string): 'oci' | 'docker' | undefined => {
  if (!accepted.includes(mediaType)) return undefined
  return mediaType.startsWith(docker) ? 'docker' : 'oci'
}

/** Whether a media type says nothing of what it is: servers that do not know the type send one of many. */
export const isGeneral = (mediaType: string): boolean => !/^application\/vnd\./.test(mediaType)

/** Whether this is the manifest of 2015, by what it is said to be, what it says itself or what it holds. */
export const isSchema1 = (document: Document | undefined, stated: string): boolean => {
  if (schema1.test(stated)) return true
  if (document === undefined) return false
  const { mediaType, schemaVersion, fsLayers, manifests, config, layers } = document
  if (schema1.test(mediaType)) return true
  return (schemaVersion === 1 || isThere(fsLayers)) && ![manifests, config, layers].some(isThere)
}

const schema1 = /^application\/vnd\.docker\.distribution\.manifest\.v1\+/
