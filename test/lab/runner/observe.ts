import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Namespace } from '../world/namespace.ts'
import { rootOf } from '../world/root.ts'
import { docker, type Step } from './step.ts'

/** A process of a step, as its `/proc` shows it. */
export interface Process {
  /** Its id in the step; the folder `procOf(step)` has the rest. */
  pid: number
  /** Its arguments, separated by spaces. */
  command: string
  /** Whether it runs in a container of the step's engine, as a pipe does. */
  contained: boolean
}

/** The step's `/proc`, from outside. */
export const procOf = (step: Namespace): string => join(rootOf(step), 'proc')

/** Every process of the step: what anyone who reads `/proc` in it can see. */
export const processes = async (step: Step): Promise<Process[]> => {
  const names = (await readdir(procOf(step))).filter((name) => /^\d+$/.test(name))
  const container = new RegExp(`/${step.dir.split('/').at(-1)}/[0-9a-f]{64}`)
  const found = await Promise.all(
    names.map(async (pid) => {
      const read = (name: string) => readFile(join(procOf(step), pid, name), 'utf8').catch(() => '')
      const [command, groups] = await Promise.all([read('cmdline'), read('cgroup')])
      return {
        pid: Number(pid),
        command: command.replaceAll('\0', ' ').trim(),
        contained: container.test(groups),
      }
    }),
  )
  return found.filter(({ pid, command }) => pid !== 1 && command !== '')
}

/** Ids of the containers that the platform started for pipes and that run now. */
export const pipeContainers = async (step: Step): Promise<string[]> => {
  const { stdout } = await docker(step, [
    'ps',
    '--quiet',
    '--no-trunc',
    '--filter=label=org.bitbucket.pipelines.system=true',
  ])
  return String(stdout).split('\n').filter(Boolean)
}

/** Asks the running pipe to end, as stopping a step does. */
export const stopPipe = async (step: Step, signal = 'TERM'): Promise<void> => {
  await docker(step, ['kill', `--signal=${signal}`, ...(await pipeContainers(step))])
}
