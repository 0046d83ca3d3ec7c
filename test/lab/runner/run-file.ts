import { dirname } from 'node:path'
import type { Laboratory } from '../laboratory.ts'
import { checkOut } from './check-out.ts'
import { runPipeline } from './pipeline.ts'
import { readPipeline } from './pipeline-file.ts'

/**
 * Runs the default pipeline of a bitbucket-pipelines.yml, or only its steps of these names or numbers, in clones of
 * the file's folder.
 *
 * @param write gets the steps' logs as Bitbucket shows them
 * @returns the exit code of the first step that failed, or 0
 */
export const runFile = async (
  laboratory: Laboratory,
  { path, steps }: { path: string; steps: readonly string[] },
  write: (text: string) => void,
): Promise<number> => {
  const yaml = await readPipeline(path, steps)
  const clone = await checkOut(dirname(path), laboratory.world.dir)
  let speaking = ''
  const onLog = (text: string, name: string) => {
    if (name !== speaking) write(`\n=== ${name}\n`)
    speaking = name
    write(text)
  }
  const step = { clone: clone.path, variables: { BITBUCKET_COMMIT: clone.commit } }
  const outcomes = await runPipeline(laboratory, yaml, { onLog, step })
  write('\n')
  for (const { name, exitCode, seconds } of outcomes) {
    write(`${name}: exit code ${exitCode} after ${seconds.toFixed(1)} s\n`)
  }
  return outcomes.find(({ exitCode }) => exitCode !== 0)?.exitCode ?? 0
}
