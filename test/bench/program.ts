import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { project } from '../lab/cache.ts'
import { inStep, type Step } from '../lab/runner/step.ts'
import { authority } from '../lab/world/certificates.ts'
import { type Figures, timed } from './measure.ts'

/** The pipe as a program in a step, without the container around it: what compares with commands by hand. */
export const pipeProgram = async (step: Step, variables: Record<string, string>): Promise<Figures> => {
  const env = {
    IMAGE: 'base:1.4',
    BITBUCKET_PIPE_STORAGE_DIR: `${step.dir}/output`,
    // The same trust as in the pipe's image.
    SSL_CERT_FILE: join(await authority(), 'ca.crt'),
    NODE_OPTIONS: '--use-openssl-ca',
    ...variables,
  }
  let peak = 0
  const figures = await timed(async () => {
    const running = inStep(step, [process.execPath, join(project, 'dist/pipe.mjs')], { env, all: true })
    const watch = setInterval(async () => {
      peak = Math.max(peak, await residentPeak(running.pid))
    }, 20)
    try {
      await running
    } finally {
      clearInterval(watch)
    }
  })
  return peak === 0 ? figures : { ...figures, 'peak MB': peak }
}

/** Runs shell lines in a step. */
export const byHand = (step: Step, script: string): Promise<Figures> =>
  timed(() => inStep(step, ['sh', '-ec', script]))

// The highest resident memory so far of a process or one that descends from it, in megabytes.
const residentPeak = async (pid: number | string | undefined): Promise<number> => {
  const read = (name: string) => readFile(`/proc/${pid}/${name}`, 'utf8').catch(() => '')
  const [status, children] = await Promise.all([read('status'), read(`task/${pid}/children`)])
  const own = Number(/^VmHWM:\s+(\d+)/m.exec(status)?.[1] ?? 0) / 1000
  const theirs = await Promise.all(children.split(' ').filter(Boolean).map(residentPeak))
  return Math.max(own, ...theirs)
}
