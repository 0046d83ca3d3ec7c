import * as z from 'zod/mini'
import { PipeError } from '../errors.ts'
import type { Platform } from '../image/platform.ts'
import { parseJson } from '../json.ts'
import type { Docker } from './docker.ts'

/** How an engine describes itself. */
export interface EngineVersion {
  version: string
  cliVersion: string
  /** What the engine runs, and so what it pulls from a multi-platform image. */
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
export const usesContainerd = async (docker: Docker): Promise<boolean> =>
  (await docker(['info', '--format', '{{json .DriverStatus}}'])).includes('io.containerd.snapshotter')

/**
 * Asks the engine for its version and platform.
 *
 * @throws {PipeError} PKG-ENGINE-UNREACHABLE, PKG-ENGINE-API or what else the engine says
 */
export const askVersion = async (docker: Docker): Promise<EngineVersion> => {
  const text = await docker(['version', '--format', '{{json .}}'])
  const parsed = versions.safeParse(parseJson(text))
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
