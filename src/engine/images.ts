import * as z from 'zod/mini'
import { PipeError } from '../errors.ts'
import type { Docker } from './docker.ts'
import { jsonOf } from './json.ts'

/** An image as the engine has it. */
export interface EngineImage {
  /** Image id: the digest of its config, or with the containerd store of its manifest. */
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
  { config, onLine }: { config: string; onLine?: (line: string) => void },
): Promise<void> => {
  await docker(['pull', reference], { config, ...(onLine === undefined ? {} : { onLine }) })
}

/** Gives an image that the engine has another name. */
export const tag = async (docker: Docker, source: string, target: string, config: string): Promise<void> => {
  await docker(['tag', source, target], { config })
}

/**
 * What the engine knows of an image that it has.
 *
 * @throws {PipeError} when it has no such image
 */
export const inspect = async (docker: Docker, reference: string, config: string): Promise<EngineImage> => {
  const text = await docker(['image', 'inspect', '--format', '{{json .}}', reference], { config })
  const parsed = inspected.safeParse(jsonOf(text))
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
