import { renameSync, statSync, writeFileSync } from 'node:fs'
import { glob, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type BuildOptions, build } from 'rolldown'
import type { TestProject } from 'vitest/node'
import config from '../rolldown.config.ts'
import { BUNDLE } from './run-pipe.ts'

const ROOT = join(import.meta.dirname, '..')

/** Builds the bundle where its sources have changed since, before the tests and between their runs. */
export const setup = async (project: TestProject): Promise<void> => {
  project.onTestsRerun(rebuild)
  await rebuild()
}

const rebuild = async () => {
  if (await isCurrent()) return
  const { output } = await build({ ...(config as BuildOptions), cwd: ROOT, write: false })
  await mkdir(join(ROOT, 'dist'), { recursive: true })
  // Another test run may be under way: its pipes find a whole file.
  writeFileSync(`${BUNDLE}.${process.pid}`, output[0].code)
  renameSync(`${BUNDLE}.${process.pid}`, BUNDLE)
}

// A folder changes when a file in it comes or goes.
const isCurrent = async () => {
  const built = statSync(BUNDLE, { throwIfNoEntry: false })?.mtimeMs ?? 0
  for await (const name of glob(['src', 'src/**', 'rolldown.config.ts', 'package-lock.json'], { cwd: ROOT }))
    if (statSync(join(ROOT, name)).mtimeMs > built) return false
  return true
}
