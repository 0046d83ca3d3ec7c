import { Readable } from 'node:stream'
import * as z from 'zod/mini'
import { PipeError } from '../errors.ts'
import { parseJson } from '../json.ts'
import type { Docker } from './docker.ts'

/** An image as the engine has it. */
export interface EngineImage {
  /** Image id: the digest of its config, or that of its manifest with the containerd store. */
  id: string
  /** `name@sha256:…` of every registry that it came from. */
  repoDigests: string[]
  /** `os/arch[/variant]`. */
  platform: string
}

// What `docker image inspect` prints; older engines leave empty fields out, newer ones write null.
const inspected = z.object({
  Id: z.string(),
  RepoDigests: z.nullish(z.array(z.string())),
  Os: z.string(),
  Architecture: z.string(),
  Variant: z.nullish(z.string()),
})

/**
 * Pulls one image into the engine.
 *
 * @param onLine called with each line of the engine's progress
 * @throws {PipeError} with the registry's or the engine's answer
 */
export const pull = async (
  docker: Docker,
  reference: string,
  onLine?: (line: string) => void,
): Promise<void> => {
  await docker(['pull', reference], { onLine })
}

/** Gives an image of the engine another name. */
export const tag = async (docker: Docker, source: string, target: string): Promise<void> => {
  await docker(['tag', source, target])
}

/** One line of `docker image ls`: an image under one of its names. */
export interface ListedImage {
  id: string
  /** As the engine shows it: Docker Hub's own names are short. */
  name: string
  tag: string
  /** Its digest in the registry that it came from; `<none>` if it came from none. */
  digest: string
}

/** Every image of the engine, once for each of its names. */
export const listImages = async (docker: Docker): Promise<ListedImage[]> => {
  const format = '{{.ID}} {{.Repository}} {{.Tag}} {{.Digest}}'
  const text = await docker(['image', 'ls', '--no-trunc', '--digests', '--format', format])
  return text.split('\n').flatMap((line) => {
    const [id, name, imageTag, digest] = line.split(' ')
    const whole = id !== undefined && name !== undefined && imageTag !== undefined && digest !== undefined
    return whole ? [{ id, name, tag: imageTag, digest }] : []
  })
}

/**
 * Loads an archive of images into the engine, under the names that it gives them.
 *
 * @throws what went wrong in the archive, else {PipeError} with the engine's answer
 */
export const load = async (docker: Docker, chunks: AsyncIterable<Buffer>): Promise<void> => {
  let broken: unknown
  const watched = async function* () {
    try {
      yield* chunks
    } catch (error) {
      broken = error
      throw error
    }
  }
  const input = Readable.from(watched(), { objectMode: false, highWaterMark: 1024 * 1024 })
  try {
    await docker(['load', '--quiet'], { input })
  } catch (error) {
    throw broken ?? error
  }
}

/**
 * What the engine knows of an image that it has.
 *
 * @throws {PipeError} when it has no such image
 */
export const inspect = async (docker: Docker, reference: string): Promise<EngineImage> => {
  const text = await docker(['image', 'inspect', '--format', '{{json .}}', reference])
  const parsed = inspected.safeParse(parseJson(text))
  if (!parsed.success) {
    throw new PipeError('PKG-ENGINE', `The engine describes ${reference} in a way that is not understood.`, {
      said: text,
    })
  }
  const { Id, RepoDigests, Os, Architecture, Variant } = parsed.data
  return {
    id: Id,
    repoDigests: RepoDigests ?? [],
    platform: [Os, Architecture, ...(Variant ? [Variant] : [])].join('/'),
  }
}
