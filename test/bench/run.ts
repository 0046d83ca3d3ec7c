import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runScript } from '../lab/run.ts'
import type { Step } from '../lab/step.ts'

/** What RUN costs, in seconds; medians. */
export interface RunFigures {
  /** `docker run` of the command, as one would write it by hand. */
  byHand: number
  /** RUN of the command, from its first docker command to the removal of its container. */
  run: number
  /** Median of the differences of each pair. */
  overhead: number
  /** How much longer the whole pipe takes with RUN than without, less the time of `docker run`. */
  overheadOfPipe: number
  pairs: number
}

/**
 * Measures RUN against a hand-written `docker run` of the same command, in pairs that follow each other, on an
 * image that is in the engine already.
 */
export const measureRun = async (step: Step, pairs = 10, image = 'base:1.4'): Promise<RunFigures> => {
  const variables = { IMAGE: image, OUTPUT_DIR: 'bench', NO_COLOR: '1' }
  const pipe = (more: Record<string, string> = {}) =>
    timed(step, { pipe: 'your-account/packages-pull:1.0.0', variables: { ...variables, ...more } })
  const mount = '-v "$BITBUCKET_CLONE_DIR:$BITBUCKET_CLONE_DIR" -w "$BITBUCKET_CLONE_DIR"'
  const line = `docker run --rm ${mount} --entrypoint /bin/sh crg.apkg.io/acme/${image} -c 'echo done'`
  await pipe()
  const measured = []
  for (let i = 0; i < pairs; i++) {
    const byHand = await timed(step, line)
    const whole = await pipe({ RUN: 'echo done' })
    const result = JSON.parse(await readFile(join(step.build, 'bench/result.json'), 'utf8'))
    const without = await pipe()
    measured.push({ byHand, run: result.run.seconds as number, more: whole - without })
  }
  return {
    byHand: median(measured.map(({ byHand }) => byHand)),
    run: median(measured.map(({ run }) => run)),
    overhead: median(measured.map(({ run, byHand }) => run - byHand)),
    overheadOfPipe: median(measured.map(({ more, byHand }) => more - byHand)),
    pairs,
  }
}

const timed = async (step: Step, item: Parameters<typeof runScript>[1][number]): Promise<number> => {
  const { exitCode, seconds, log } = await runScript(step, [item])
  if (exitCode !== 0) throw new Error(`A line of the benchmark failed:\n${log}`)
  return seconds
}

const median = (values: number[]): number => {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const [low = 0, high = 0] = [sorted[sorted.length % 2 === 0 ? middle - 1 : middle], sorted[middle]]
  return Number(((low + high) / 2).toFixed(3))
}

if (import.meta.main) {
  const { openLaboratory } = await import('../lab/laboratory.ts')
  const { openStep } = await import('../lab/step.ts')
  const { laboratory, close } = await openLaboratory()
  try {
    const step = await openStep(laboratory.world, { pipeImage: laboratory.pipeImage })
    console.log(await measureRun(step))
    await step.close()
  } finally {
    await close()
  }
}
