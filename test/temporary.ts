import { mkdir, rm } from 'node:fs/promises'
import type { TestProject } from 'vitest/node'

/** Makes the folder in which all tests of a project leave what they make, and removes it when the run ends. */
export const setup = async ({ config }: TestProject): Promise<() => Promise<void>> => {
  const folder = config.env.TMPDIR
  if (folder === undefined) throw new Error('vitest.config.ts sets no TMPDIR for this project')
  await mkdir(folder, { recursive: true })
  return () => rm(folder, { recursive: true, force: true })
}
