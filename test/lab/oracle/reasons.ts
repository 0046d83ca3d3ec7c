import type { Difference } from './row.ts'

// Why the pipe may do otherwise than the engine. Every other difference is a fault.

/** A check sees no layers. */
export const unseen: Difference = {
  ways: ['CHECK_ONLY'],
  pipe: 'may deliver',
  why: 'a check transfers no layers',
}

/** A check reads of a config what tells the platform and the layers. */
export const unread: Difference = {
  ways: ['CHECK_ONLY'],
  pipe: 'may deliver',
  why: 'a check reads only the platform and the number of layers in a config',
}

/** CVE-2021-41190. */
export const ambiguous: Difference = {
  pipe: 'refuses',
  why: 'a document that can be read as an index and as an image is an attack (CVE-2021-41190)',
}

/** A key that stands twice, or in other letters. */
export const twoReadings: Difference = {
  pipe: 'refuses',
  why: 'a document in which two programs see two images proves neither by its digest',
}

/** Redirects are followed to https only. */
export const plainText: Difference = {
  ways: ['STORE'],
  pipe: 'refuses',
  why: 'what the pipe itself fetches comes over TLS',
}

/** An engine of the years before does not know zstd. */
export const inflated: Difference = {
  ways: ['STORE'],
  pipe: 'delivers',
  why: 'the pipe inflates the layers that this engine cannot',
}

/** The length is part of what a descriptor promises (image-spec, descriptor, properties). */
export const lengths: readonly Difference[] = [
  { ways: ['STORE'], pipe: 'may refuse', why: 'bytes of another length than was said are not to be trusted' },
  {
    ways: ['CHECK_ONLY'],
    pipe: 'may refuse',
    why: 'bytes of another length than was said are not to be trusted',
  },
]

/** The bytes are those of the digest that was asked for, and their own registry names another. */
export const contradiction: Difference = {
  pipe: 'may refuse',
  why: 'a registry that names another digest than that of its bytes is not to be trusted',
}

/** What the engine makes of a tag or an index, it need not do here. */
export const resolved: Difference = {
  pipe: 'may deliver',
  why: 'the pipe finds the image itself, as newer engines do, and gives the engine its digest',
}

/** Headers that an engine stumbles over, around bytes that have their digest. */
export const ownReader: Difference = {
  ways: ['STORE'],
  pipe: 'may deliver',
  why: 'the store is filled by the pipe, for which the digest counts and not the headers around the bytes',
}

/** The same for the parts that a check reads itself. */
export const ownCheck: Difference = {
  ways: ['CHECK_ONLY'],
  pipe: 'may deliver',
  why: 'a check reads by itself, and cannot know each coding that an engine does not undo',
}

/** A login that is asked for late. */
export const lateChallenge: Difference = {
  ways: ['STORE', 'CHECK_ONLY'],
  pipe: 'may deliver',
  why: 'the pipe answers a challenge wherever it comes; this engine asks /v2/ once',
}

/** The bound on what a stranger can make the pipe hold in memory. */
export const bounded: Difference = {
  ways: ['CHECK_ONLY'],
  pipe: 'may refuse',
  why: 'no more than 4 MiB of a manifest are read, and a check leaves nothing to the engine',
}

/** What is no image: containerd's store keeps anything. */
export const notAnImage: Difference = {
  engines: ['28.5-containerd'],
  pipe: 'may refuse',
  why: "what is no image cannot be run, although containerd's store keeps it",
}

/** What containerd's store keeps of an image that the engine cannot read. */
export const unnameable: Difference = {
  ways: ['pull'],
  engines: ['28.5-containerd'],
  pipe: 'may refuse',
  why: 'the engine pulls this, but cannot read it afterwards: it can be neither named nor run',
}

/** Features that an entry wants of the operating system. */
export const osFeatures: Difference = {
  ways: ['STORE', 'CHECK_ONLY'],
  engines: ['28.5'],
  pipe: 'may deliver',
  why: 'only Windows has such features, and engines before 27 take no heed of them, nor does the pipe',
}

/** What holds of all rows. */
export const everywhere: readonly Difference[] = [
  {
    ways: ['STORE'],
    engines: ['28.5-containerd'],
    pipe: 'may deliver',
    why: "containerd fetches by types and sizes, and loads whatever has the digest; the pipe's own fetching goes by the digest",
  },
  {
    ways: ['CHECK_ONLY'],
    engines: ['28.5-containerd'],
    pipe: 'may deliver',
    why: "a check reads as the engine's own store does, which is the one of Bitbucket's engine",
  },
]
