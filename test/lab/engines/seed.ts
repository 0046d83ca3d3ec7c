import { basename, join } from 'node:path'
import { execa } from 'execa'
import { cached } from '../cache.ts'
import { onEngine, startEngine, stopEngine } from '../runner/engine.ts'
import { openNamespace } from '../world/namespace.ts'
import { type EngineName, ownEngine } from './engines.ts'

/** Which data an engine starts from: those of its own version, and with its own mapping of users. */
export interface SeedOptions {
  engine?: EngineName | undefined
  remap: boolean
}

/**
 * The data of an engine that has the pipe's image already. A step's fresh engine starts from a copy (0.1 s, where
 * `docker load` takes 1.4 s). Made once for each folder of `pipeImage`.
 */
export const seedOf = async (pipeImage: string, { engine, remap }: SeedOptions): Promise<string> => {
  const known = engine === (await ownEngine()) ? undefined : engine
  const name = [basename(pipeImage), known ?? 'own', remap ? 'mapped' : 'plain'].join('-')
  return cached(name, async (temporary) => {
    const namespace = await openNamespace('seed')
    try {
      await startEngine(namespace, { engine, remap, plugin: false })
      await onEngine(namespace, ['load', `--input=${join(pipeImage, 'image.tar')}`])
      await stopEngine(namespace)
      await execa('cp', ['-a', join(namespace.dir, 'data'), temporary])
      return join(temporary, 'data')
    } finally {
      await namespace.close()
    }
  })
}
