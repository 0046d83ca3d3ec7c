import { PipeError } from '../errors.ts'

/** Something that registries keep besides container images. */
interface Artifact {
  /** With its article: "a Helm chart". */
  what: string
  /** The media type that tells. */
  type: string
  hint: string
}

/**
 * The artifact that some media types belong to (of a manifest, its config, its layers, its `artifactType`); undefined
 * if it is not known.
 */
export const artifactOf = (types: readonly string[]): Artifact | undefined => {
  for (const { pattern, what, hint } of artifacts) {
    const type = types.find((each) => pattern.test(each))
    if (type !== undefined) return { what, type, hint: hint ?? ANOTHER }
  }
  return undefined
}

/** Any other media type than an image's. */
export const unknownArtifact = (type: string): Artifact => ({
  what: `something of the type ${type}`,
  type,
  hint: ANOTHER,
})

/** The failure for an artifact that is not an image; engines refuse it too, but only after a login. */
export const notAnImage = ({ what, type, hint }: Artifact, name: string): PipeError =>
  new PipeError('PKG-MANIFEST', `${name} is not a container image, but ${what}`, {
    said: type,
    why: 'Registries also keep charts, signatures and other files; this is one of them.',
    hint,
  })

const ANOTHER = 'Name a package that holds a container image.'
const OF_AN_IMAGE = 'It belongs to an image: name the tag or the digest of that image instead.'

const artifacts: ReadonlyArray<{ pattern: RegExp; what: string; hint?: string }> = [
  { pattern: /\.cosign\..*(?:sig|simplesigning)/i, what: 'a signature made by cosign', hint: OF_AN_IMAGE },
  { pattern: /\.cncf\.notary\./i, what: 'a signature of the Notary Project', hint: OF_AN_IMAGE },
  {
    pattern: /in-toto|dsse\.envelope|attestation/i,
    what: 'an attestation (in-toto): a statement about how an image was made',
    hint: OF_AN_IMAGE,
  },
  { pattern: /\.sigstore\.bundle/i, what: 'a signature or an attestation of Sigstore', hint: OF_AN_IMAGE },
  { pattern: /spdx|cyclonedx|\bsyft|\bsbom\b/i, what: 'a bill of materials (SBOM)', hint: OF_AN_IMAGE },
  {
    pattern: /\.helm\./i,
    what: 'a Helm chart',
    hint: 'Pull charts with helm pull oci://…, and name a container image here.',
  },
  { pattern: /\bwasm\b/i, what: 'a WebAssembly module' },
  {
    pattern: /\.docker\.ai\.|\.cncf\.model\.|\.ollama\.|\bgguf\b|\.kitops\./i,
    what: 'an AI model',
    hint: 'Pull models with the program that runs them, such as docker model pull, and name a container image here.',
  },
  { pattern: /\.docker\.plugin\./i, what: 'a plugin for the Docker engine' },
  { pattern: /\.docker\.compose\./i, what: 'a Compose project' },
  { pattern: /\.buildkit\.cacheconfig/i, what: 'a build cache of BuildKit' },
  { pattern: /\.cncf\.flux\./i, what: 'a bundle for Flux' },
  { pattern: /openpolicyagent/i, what: 'a bundle of policies' },
  { pattern: /\.sylabs\./i, what: 'an image for Singularity' },
  { pattern: /devcontainers?\b/i, what: 'a part of a dev container' },
  { pattern: /\btekton\b/i, what: 'a bundle for Tekton' },
  { pattern: /opentofu|terraform/i, what: 'a module for OpenTofu or Terraform' },
]
