import { mkdtemp } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'yaml'
import type { Laboratory } from '../laboratory.ts'
import { type Carry, collect, deliver } from './carry.ts'
import { type Outcome, type RunOptions, runScript } from './run.ts'
import type { ScriptItem } from './script.ts'
import { openStep, type Step, type StepOptions } from './step.ts'

/** A `step:` of bitbucket-pipelines.yml; `image` and `size` have no meaning here. */
export interface StepDefinition {
  name?: string
  image?: unknown
  size?: string
  runtime?: { cloud?: { version?: string } }
  services?: string[]
  script: ScriptItem[]
  'after-script'?: ScriptItem[]
  artifacts?: string[] | { paths: string[] }
  caches?: string[]
  'output-variables'?: string[]
}

const known = new Set<string>([
  'name',
  'image',
  'size',
  'runtime',
  'services',
  'script',
  'after-script',
  'artifacts',
  'caches',
  'output-variables',
] satisfies (keyof StepDefinition)[])

type Entry = { step: StepDefinition } | { parallel: Entry[] | { steps: Entry[] } }

interface Pipelines {
  image?: unknown
  options?: { docker?: boolean; runtime?: StepDefinition['runtime'] }
  definitions?: {
    services?: { docker?: { memory?: number } }
    caches?: Record<string, string | { path: string; key: { files: string[] } }>
  }
  pipelines: { default?: Entry[]; custom?: Record<string, Entry[]> }
}

/** How one step of a pipeline ended. */
export interface StepOutcome extends Outcome {
  name: string
}

export interface PipelineOptions extends Omit<RunOptions, 'during' | 'onLog'> {
  /** A pipeline of `custom:` instead of the default one. */
  custom?: string
  /** Options of every step. */
  step?: Omit<StepOptions, 'runtime' | 'docker' | 'memory' | 'pipeImage'>
  /** Keeps artifacts and caches there, so that a second run finds the caches of the first. */
  carry?: string
  /** Called while the script of a step runs. */
  during?: (step: Step, name: string) => Promise<void>
  /** Called when a step's script has ended, before the step and its files vanish. */
  after?: (step: Step, outcome: StepOutcome) => Promise<void>
  onLog?: (text: string, name: string) => void
}

/** Runs a bitbucket-pipelines.yml as Bitbucket does; the pipeline ends with the first step that fails. */
export const runPipeline = async (
  laboratory: Laboratory,
  yaml: string,
  options: PipelineOptions = {},
): Promise<StepOutcome[]> => {
  const file: Pipelines = parse(yaml)
  const entries = options.custom ? file.pipelines.custom?.[options.custom] : file.pipelines.default
  if (!entries) throw new Error('bitbucket-pipelines.yml has no such pipeline')
  const folder = options.carry ?? (await mkdtemp(join(laboratory.world.dir, 'carry-')))
  const carry: Carry = { folder, variables: {}, caches: file.definitions?.caches ?? {} }
  const outcomes: StepOutcome[] = []
  for (const entry of entries) {
    const together = stepsOf(entry)
    const ended = await Promise.all(
      together.map((step, i) =>
        runStep(laboratory, file, step, carry, options, `Step ${outcomes.length + i + 1}`),
      ),
    )
    outcomes.push(...ended)
    if (ended.some(({ exitCode }) => exitCode !== 0)) break
  }
  return outcomes
}

const stepsOf = (entry: Entry): StepDefinition[] => {
  if ('step' in entry) return [entry.step]
  const steps = Array.isArray(entry.parallel) ? entry.parallel : entry.parallel.steps
  return steps.flatMap(stepsOf)
}

const runStep = async (
  laboratory: Laboratory,
  file: Pipelines,
  definition: StepDefinition,
  carry: Carry,
  options: PipelineOptions,
  fallback: string,
): Promise<StepOutcome> => {
  const unknown = Object.keys(definition).filter((key) => !known.has(key))
  if (unknown.length > 0) throw new Error(`The laboratory does not know ${unknown.join(', ')} of a step`)
  const name = definition.name ?? fallback
  const step = await openStep(laboratory.world, stepOptions(laboratory, file, definition, carry, options))
  try {
    await deliver(step, definition, carry)
    const { during, onLog, ...rest } = options
    const run: RunOptions = rest
    if (during) run.during = (running) => during(running, name)
    if (onLog) run.onLog = (text) => onLog(text, name)
    const outcome = { name, ...(await runScript(step, definition.script, run)) }
    if (definition['after-script']) await runAfter(step, definition['after-script'], outcome, run)
    await options.after?.(step, outcome)
    await collect(step, definition, carry, outcome.exitCode === 0)
    return outcome
  } finally {
    await step.close()
  }
}

const stepOptions = (
  laboratory: Laboratory,
  file: Pipelines,
  definition: StepDefinition,
  carry: Carry,
  options: PipelineOptions,
): StepOptions => {
  const runtime = definition.runtime ?? file.options?.runtime
  const memory = file.definitions?.services?.docker?.memory
  return {
    ...options.step,
    ...(memory === undefined ? {} : { memory }),
    variables: { ...options.step?.variables, ...carry.variables },
    runtime: runtime?.cloud?.version === '3' ? 3 : 2,
    docker: file.options?.docker === true || (definition.services ?? []).includes('docker'),
    pipeImage: laboratory.pipeImage,
  }
}

// What follows the script sees its exit code, and does not change it.
const runAfter = async (step: Step, items: ScriptItem[], outcome: StepOutcome, run: RunOptions) => {
  const { during: _, ...options } = run
  const line = `export BITBUCKET_EXIT_CODE=${outcome.exitCode}`
  const ended = await runScript(step, [line, ...items], options)
  outcome.log += ended.log
  outcome.rawLog += ended.rawLog
}
