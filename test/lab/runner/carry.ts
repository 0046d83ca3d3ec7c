import { createHash } from 'node:crypto'
import { cp, glob, mkdir, readFile, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { execa } from 'execa'
import { exists } from '../cache.ts'
import { runInside } from '../world/namespace.ts'
import { buildFolder } from './layout.ts'
import type { StepDefinition } from './pipeline.ts'
import type { Step } from './step.ts'

/** What survives a step. */
export interface Carry {
  /** Where artifacts and caches are kept. */
  folder: string
  /** Output variables so far. */
  variables: Record<string, string>
  /** `definitions: caches:`. */
  caches: Record<string, string | { path: string; key: { files: string[] } }>
}

/** Puts artifacts and caches in place before a step's script runs. */
export const deliver = async (step: Step, definition: StepDefinition, carry: Carry): Promise<void> => {
  const artifacts = join(carry.folder, 'artifacts')
  if (await exists(artifacts)) await execa('cp', ['-r', `${artifacts}/.`, step.build])
  for (const name of definition.caches ?? []) {
    const { kept, path } = await placeOf(step, name, carry)
    if (!(await exists(kept))) continue
    const archive = execa('tar', ['-C', kept, '-c', '.'], { encoding: 'buffer', buffer: false })
    const unpack = 'mkdir -p "$0"; tar -C "$0" -x'
    await Promise.all([archive, runInside(step, ['sh', '-ec', unpack, path], { input: archive.stdout })])
  }
}

/** Keeps what a step leaves behind: artifacts always, caches when the step is green and there are none yet. */
export const collect = async (
  step: Step,
  definition: StepDefinition,
  carry: Carry,
  green: boolean,
): Promise<void> => {
  await collectArtifacts(step, definition, carry)
  for (const name of green ? (definition.caches ?? []) : []) {
    const { kept, path } = await placeOf(step, name, carry)
    const absent = (await runInside(step, ['test', '-d', path], { reject: false })).failed
    if ((await exists(kept)) || absent) continue
    await mkdir(kept, { recursive: true })
    const archive = runInside(step, ['tar', '-C', path, '-c', '.'], { encoding: 'buffer', buffer: false })
    await Promise.all([archive, execa('tar', ['-C', kept, '-x'], { input: archive.stdout })])
  }
  Object.assign(carry.variables, await outputVariables(step, definition['output-variables'] ?? []))
}

// Artifacts come back as files of mode 644 in folders of mode 755, whatever they were.
const collectArtifacts = async (step: Step, definition: StepDefinition, carry: Carry): Promise<void> => {
  const { artifacts = [] } = definition
  const target = join(carry.folder, 'artifacts')
  for (const pattern of Array.isArray(artifacts) ? artifacts : artifacts.paths) {
    for await (const name of glob(pattern, { cwd: step.build })) {
      if (!(await stat(join(step.build, name))).isFile()) continue
      await mkdir(dirname(join(target, name)), { recursive: true })
      await cp(join(step.build, name), join(target, name))
    }
  }
  if (await exists(target)) await execa('chmod', ['-R', 'u=rwX,go=rX', target])
  if (await exists(target)) await execa('find', [target, '-type', 'f', '-exec', 'chmod', '644', '{}', '+'])
}

// Where a cache is kept, and its place in the step, to be touched from inside only: what a script left there may
// be a link, which would mean another file on the machine. A cache is known by its name and, when it has a key,
// by the contents of the files of that key.
const placeOf = async (step: Step, name: string, carry: Carry): Promise<{ kept: string; path: string }> => {
  const cache = carry.caches[name]
  if (cache === undefined) throw new Error(`The laboratory knows no cache ${name}`)
  const hash = createHash('sha256')
  for (const pattern of typeof cache === 'string' ? [] : cache.key.files) {
    for await (const file of glob(pattern, { cwd: step.build }))
      hash.update(await readFile(join(step.build, file)))
  }
  const place = typeof cache === 'string' ? cache : cache.path
  const path = resolve(buildFolder, place.replace(/^~/, step.env.HOME ?? ''))
  return { kept: join(carry.folder, 'caches', `${name}-${hash.digest('hex').slice(0, 16)}`), path }
}

const outputVariables = async (step: Step, names: readonly string[]): Promise<Record<string, string>> => {
  const { stdout } = await runInside(step, ['cat', step.env.BITBUCKET_PIPELINES_VARIABLES_PATH ?? ''])
  const lines = String(stdout).split('\n')
  const pairs = lines.map((line) => /^(\w+)=(.*)$/.exec(line)?.slice(1) ?? [])
  return Object.fromEntries(pairs.filter(([name = '']) => names.includes(name)))
}
