import * as z from 'zod/mini'
import type { Platform } from '../image/platform.ts'

/** A descriptor of image-spec, with what an engine needs of it. */
export interface Descriptor {
  /** Empty where it names none. */
  mediaType: string
  /** Empty where it names none. */
  digest: string
  /** In bytes, as it says; 0 where it says nothing. */
  size: number
  platform?: Platform
}

/** The fields of manifests and indexes, in whatever combination they came. */
export type Document = z.infer<typeof wireDocument>

/**
 * Reads a manifest or an index as engines do, which are written in Go: null and an absent field are the zero value,
 * fields that no one needs are not looked at, and one value of another type spoils the whole.
 *
 * @returns the document, or a sentence that says what is not understood
 */
export const readDocument = (json: unknown): Document | string => {
  const parsed = wireDocument.safeParse(json)
  if (parsed.success) return parsed.data
  const path = parsed.error.issues[0]?.path ?? []
  return path.length > 0
    ? `The value of ${path.join('.')} is not one that the specification allows there.`
    : 'It is JSON, but not an object.'
}

/** Whether a field is present: Go takes null for absent. */
export const isPresent = (field: unknown): boolean => field !== undefined && field !== null

/** A text as Go reads it: null and an absent one are empty. */
export const text = z.pipe(
  z.nullish(z.string()),
  z.transform((value) => value ?? ''),
)

const wirePlatform = z.pipe(
  z.object({ os: text, architecture: text, variant: text }),
  z.transform(({ os, architecture, variant }): Platform | undefined =>
    // Engines take an empty platform for none, and fill in the operating system of their own.
    os === '' && architecture === ''
      ? undefined
      : { os: os || 'linux', architecture, ...(variant && { variant }) },
  ),
)

const wireDescriptor = z.pipe(
  z.object({
    mediaType: text,
    digest: text,
    size: z.pipe(
      z.nullish(z.int().check(z.nonnegative())),
      z.transform((value) => value ?? 0),
    ),
    platform: z.nullish(wirePlatform),
  }),
  z.transform(
    ({ platform, ...rest }): Descriptor => ({
      ...rest,
      ...(platform && { platform }),
    }),
  ),
)

const nothing: Descriptor = { mediaType: '', digest: '', size: 0 }
const descriptors = z.nullish(
  z.array(
    z.pipe(
      z.nullable(wireDescriptor),
      z.transform((each) => each ?? nothing),
    ),
  ),
)

const wireDocument = z.object({
  schemaVersion: z.nullish(z.number()),
  mediaType: text,
  artifactType: z.catch(text, ''),
  manifests: descriptors,
  config: z.nullish(wireDescriptor),
  layers: descriptors,
  // Fields of schema 1; only whether they are present counts.
  fsLayers: z.optional(z.unknown()),
  history: z.optional(z.unknown()),
  signatures: z.nullish(z.array(z.unknown())),
})
