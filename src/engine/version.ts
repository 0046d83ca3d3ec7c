import * as z from 'zod/mini'
import { PipeError } from '../errors.ts'
import type { Platform } from '../image/platform.ts'
import type { Docker } from './docker.ts'
import { jsonOf } from './json.ts'

export interface Engine {
  version: string
  cliVersion: string
  /** What the engine runs, and so what it pulls of a multi-platform image. */
  platform: Platform
}

const versions = z.object({
  Client: z.object({ Version: z.string() }),
  Server: z.object({ Version: z.string(), Os: z.string(), Arch: z.string() }),
})

/**
 * Whether the engine keeps its images in containerd's store (the default of new installations since 29) instead
 * of its own, the classic one.
 */
export const usesContainerd = async (docker: Docker, config: string): Promise<boolean> =>
  (await docker(['info', '--format', '{{json .DriverStatus}}'], { config })).includes(
    'io.containerd.snapshotter',
  )

/**
 * Asks the engine who it is.
 *
 * @throws {PipeError} PKG-ENGINE-UNREACHABLE, PKG-ENGINE-API or what else the engine says
 */
export const findEngine = async (docker: Docker, config: string): Promise<Engine> => {
  const text = await docker(['version', '--format', '{{json .}}'], { config })
  const parsed = versions.safeParse(jsonOf(text))
  if (!parsed.success) {
    throw new PipeError('PKG-ENGINE', 'The engine describes itself in a way that is not understood.', {
      said: text,
    })
  }
  const { Client, Server } = parsed.data
  return {
    version: Server.Version,
    cliVersion: Client.Version,
    platform: { os: Server.Os, architecture: Server.Arch },
  }
}
