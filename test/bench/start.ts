import { join } from 'node:path'
import { execa } from 'execa'
import { project } from '../lab/cache.ts'
import { compare, timed } from './measure.ts'

/** From the start of the process to a configuration error, against an empty program. */
export const compareStarts = (): Promise<void> =>
  compare(
    'Start to a configuration error',
    [
      { name: 'node -e 0', run: () => node('-e', '0') },
      { name: 'the pipe without any variable', run: () => node(join(project, 'dist/pipe.mjs')) },
    ],
    25,
  )

const node = (...args: string[]) =>
  timed(() => execa(process.execPath, args, { env: {}, extendEnv: false, reject: false }))
