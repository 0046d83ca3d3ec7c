import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Laboratory } from '../lab/laboratory.ts'
import { openStep } from '../lab/runner/step.ts'
import { compare, type Figures } from './measure.ts'
import { byHand, pipeProgram } from './program.ts'

const IMAGE = 'crg.apkg.io/acme/base:1.4'
const COMMAND = 'echo done'

/** RUN against a hand-written `docker run` of the same command, on an image that is in the engine already. */
export const compareRuns = async (laboratory: Laboratory): Promise<void> => {
  const step = await openStep(laboratory.world, { pipeImage: laboratory.pipeImage })
  const withRun = { RUN: COMMAND }
  const mount = '-v "$BITBUCKET_CLONE_DIR:$BITBUCKET_CLONE_DIR" -w "$BITBUCKET_CLONE_DIR"'
  try {
    await pipeProgram(step, {})
    await compare(
      'RUN on an image that is there',
      [
        {
          name: 'docker run by hand',
          run: () => byHand(step, `docker run --rm ${mount} --entrypoint /bin/sh ${IMAGE} -c '${COMMAND}'`),
        },
        {
          name: 'RUN, its own part of the pipe',
          run: async (): Promise<Figures> => {
            await pipeProgram(step, withRun)
            const result = JSON.parse(await readFile(join(step.dir, 'output/result.json'), 'utf8'))
            return { seconds: result.run.seconds }
          },
        },
        {
          name: 'the pipe with RUN, less the pipe without',
          run: async (): Promise<Figures> => {
            const [more, less] = [await pipeProgram(step, withRun), await pipeProgram(step, {})]
            return { seconds: more.seconds - less.seconds }
          },
        },
      ],
      15,
    )
  } finally {
    await step.close()
  }
}
