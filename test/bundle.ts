import { glob, mkdir, rename, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { type BuildOptions, build } from 'rolldown'
import type { TestProject } from 'vitest/node'
import config from '../rolldown.config.ts'
import { DOCKER_PROGRAM } from './fake-docker.ts'
import { BUNDLE } from './run-pipe.ts'

const ROOT = join(import.meta.dirname, '..')

interface Bundle {
  file: string
  /** What it is made of, as globs. A folder changes when a file in it comes or goes. */
  sources: readonly string[]
  options: BuildOptions
}

const bundles: readonly Bundle[] = [
  {
    file: BUNDLE,
    sources: ['src', 'src/**', 'rolldown.config.ts', 'scripts/third-party.ts', 'package-lock.json'],
    options: config as BuildOptions,
  },
  // Started some hundred times: in one file, without types, it is there in half of the time.
  {
    file: DOCKER_PROGRAM,
    sources: ['test/fake-docker', 'test/fake-docker/**'],
    options: { input: 'test/fake-docker/cli.ts', platform: 'node' },
  },
]

/** Builds what the tests run where its sources have changed since, before the tests and between their runs. */
export const setup = async (project: TestProject): Promise<void> => {
  const rebuild = async () => {
    for (const bundle of bundles) if (!(await isCurrent(bundle))) await make(bundle)
  }
  project.onTestsRerun(rebuild)
  await rebuild()
}

const isCurrent = async ({ file, sources }: Bundle): Promise<boolean> => {
  const changed = async (path: string) => (await stat(path).catch(() => undefined))?.mtimeMs
  const built = (await changed(file)) ?? 0
  for await (const name of glob(sources, { cwd: ROOT }))
    if (((await changed(join(ROOT, name))) ?? 0) > built) return false
  return true
}

const make = async ({ file, options }: Bundle): Promise<void> => {
  const { output } = await build({ ...options, cwd: ROOT, write: false })
  await mkdir(dirname(file), { recursive: true })
  // The program last: where it is current, so is what lies beside it.
  for (const made of output.toReversed()) {
    const path = join(dirname(file), made.type === 'chunk' ? basename(file) : made.fileName)
    // Another test run may be under way: what it starts finds a whole file.
    await writeFile(`${path}.${process.pid}`, made.type === 'chunk' ? made.code : made.source)
    await rename(`${path}.${process.pid}`, path)
  }
}
