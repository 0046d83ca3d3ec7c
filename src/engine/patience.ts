import { setTimeout as sleep } from 'node:timers/promises'
import { PipeError } from '../errors.ts'
import type { DockerWith } from './docker.ts'

// A step's engine starts at the same time as the step. If it is missing, waiting longer does not help.
const PATIENCE = 5000
const PAUSE = 250

/**
 * A docker whose commands wait some seconds for an engine that does not accept connections yet. Once the engine has
 * answered, they no longer wait: an engine that is gone after that was ended, and does not come back.
 */
export const patient = (dockerWith: DockerWith, signal: AbortSignal): DockerWith => {
  let answered = false
  return (config) => async (args, options) => {
    const docker = dockerWith(config)
    for (const started = performance.now(); ; await sleep(PAUSE, undefined, { signal }).catch(() => {})) {
      try {
        const output = await docker(args, options)
        answered = true
        return output
      } catch (error) {
        const starting = error instanceof PipeError && error.code === 'PKG-ENGINE-UNREACHABLE'
        if (!starting || answered || performance.now() - started > PATIENCE) throw error
      }
    }
  }
}
