import { createHash } from 'node:crypto'
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { busybox, randomFile } from '../images/layers.ts'
import { pushImage } from '../images/test-images.ts'
import type { Laboratory } from '../laboratory.ts'
import { onEngine } from '../runner/engine.ts'
import { processes } from '../runner/observe.ts'
import { PIPE, pipeLog } from '../runner/pipe.ts'
import { runScript } from '../runner/run.ts'
import { openStep, type Step } from '../runner/step.ts'
import { type Fault, setFaults } from '../world/faults.ts'
import type { World } from '../world/world.ts'
import { judge, TIMEOUT_SECONDS, type Verdict } from './judge.ts'
import { kinds, type Plan, plansOf, STALL } from './plan.ts'

export interface Soak {
  seed: number
  runs: number
  /** Called for each run as it ends. */
  onRun?: (line: string) => void
}

/** What a soak found. */
export interface Summary extends Record<'success' | 'explained' | 'unexplained', number> {
  seed: number
  runs: number
  seconds: number
  /** What was left behind or shown, each in a sentence. */
  leaks: string[]
  /** The plan and the log of each run that is not explained. */
  failures: string[]
}

const LANES = 2
const BYTES = 3_000_000
const image = (lane: number) => `crg.apkg.io/acme/soak-${lane}:1`

// Each lane has an owner of its own for its files, so that no layer is in both images: to the engine the same layer is
// one download, and the faults of one lane would be those of the other.
const push = (world: World, lane: number) => {
  const parts = [1, 2, 3].map((part) => randomFile(`part-${part}`, BYTES / 3))
  const recipe = { layers: [busybox, ...parts], level: 0, owner: lane }
  return pushImage(world, ['crg.apkg.io'], `acme/soak-${lane}:1`, recipe)
}

/**
 * Runs the pipe again and again, two at a time in one step with one engine, one registry and one STORE, while the
 * registry and the way to it fail and signals arrive, all by `seed`. Afterwards a run without any of it has to succeed.
 */
export const soak = async (laboratory: Laboratory, { seed, runs, onRun }: Soak): Promise<Summary> => {
  const { world } = laboratory
  for (let lane = 0; lane < LANES; lane++) await push(world, lane)
  const step = await openStep(world, { pipeImage: laboratory.pipeImage, front: true })
  const started = performance.now()
  const summary: Summary = {
    seed,
    runs,
    success: 0,
    explained: 0,
    unexplained: 0,
    seconds: 0,
    leaks: [],
    failures: [],
  }
  const faults = new Map<number, Fault>()
  let setting = Promise.resolve()
  const set = () => {
    setting = setting.then(() => setFaults(world, [...faults.values()]))
    return setting
  }
  try {
    const before = await leftOf(step)
    const plans = plansOf(seed, runs, LANES)
    const heldUntil: number[] = []
    const unfinished = new Set<string>()
    const one = async (plan: Plan): Promise<void> => {
      faults.set(plan.lane, faultOf(plan))
      await set()
      const { verdict, leaks, log, seconds } = await run(step, plan, heldUntil[plan.lane] ?? 0)
      summary[verdict]++
      if (plan.fault === 'stall') heldUntil[plan.lane] = performance.now() + STALL
      if (verdict !== 'success') unfinished.add(store(plan.number))
      summary.leaks.push(...leaks.map((leak) => `run ${plan.number}: ${leak}`))
      const line = `${verdict.padEnd(11)} ${seconds.toFixed(1)} s  ${JSON.stringify(plan)}`
      if (verdict === 'unexplained') summary.failures.push(`${line}\n${log}`)
      onRun?.(line)
    }
    const lanes = Array.from({ length: LANES }, async (_, lane) => {
      for (const plan of plans.filter((each) => each.lane === lane)) await one(plan)
    })
    // The step ends when both have: neither may find it gone.
    const settled = await Promise.allSettled(lanes)
    for (const lane of settled) if (lane.status === 'rejected') throw lane.reason
    faults.clear()
    await set()
    // Whatever was broken, the same command works now, and puts in order what killed runs could not.
    for (let lane = 0; lane < LANES; lane++) {
      const { verdict, leaks, log } = await run(
        step,
        { ...calm, lane, number: runs + lane },
        heldUntil[lane] ?? 0,
      )
      summary.leaks.push(...leaks)
      if (verdict !== 'success') summary.leaks.push(`afterwards the same command does not succeed:\n${log}`)
    }
    summary.leaks.push(...(await leaksOf(step, before)).filter((leak) => !isUnfinished(leak, unfinished)))
  } finally {
    faults.clear()
    await set()
    await step.close()
  }
  return { ...summary, seconds: (performance.now() - started) / 1000 }
}

const calm = { mode: 'store', fresh: true, fault: 'none', times: undefined, stop: undefined } as const

const faultOf = ({ fault, times, lane, number }: Plan): Fault => {
  const { at, fault: kind } = kinds[fault]
  const path = `^crg.apkg.io/v2/acme/soak-${lane}/${at}/`
  return { ...kind, id: `run ${number}`, path, ...(times !== undefined && { times }) }
}

// A new one for every fourth run: where all blobs were there already, no fault would be met.
const store = (number: number) => `.images-${Math.floor(number / 4)}`

const variablesOf = ({ lane, mode, number }: Plan): Record<string, string> => ({
  IMAGE: image(lane),
  TIMEOUT: `${TIMEOUT_SECONDS}s`,
  MAX_ATTEMPTS: '4',
  NO_COLOR: '1',
  ...(mode !== 'pull' && { STORE: store(number) }),
  ...(mode === 'missing' && { PULL_POLICY: 'missing' }),
  ...(mode === 'run' && { RUN: 'echo it ran' }),
})

interface Ran {
  verdict: Verdict
  leaks: string[]
  log: string
  seconds: number
}

const run = async (step: Step, plan: Plan, heldUntil: number): Promise<Ran> => {
  const held = performance.now() < heldUntil
  if (plan.fresh) await onEngine(step, ['image', 'rm', '--force', image(plan.lane)], { reject: false })
  const label = `soak=${plan.number}`
  const leaks: string[] = []
  let stopped = false
  let ended = false
  const act = async () => {
    const id = await containerOf(step, label)
    if (id === undefined) return
    if (plan.stop !== undefined) {
      await sleep(plan.stop.after)
      stopped = !(await signal(step, id, plan.stop.signal)).failed
      if (plan.stop.signal === 'STOP') {
        await sleep(1000)
        await signal(step, id, 'CONT')
      }
    }
    while (!ended) {
      if (await isInArguments(step)) leaks.push('the credential is in the arguments of a process')
      await sleep(300)
    }
  }
  const acting = act()
  const outcome = await runScript(step, [{ pipe: PIPE, variables: variablesOf(plan) }], {
    runOptions: [`--label=${label}`],
  })
  ended = true
  await acting
  const log = pipeLog(outcome.rawLog)
  leaks.push(...formsOf(step).flatMap((form) => (log.includes(form) ? ['the credential is in the log'] : [])))
  leaks.push(...(await leftInContainer(step, label, stopped && plan.stop?.signal === 'KILL')))
  const { exitCode, seconds } = outcome
  const verdict = judge(plan, { exitCode, log, seconds, stopped, held })
  if (verdict === 'success' && !(await isThere(step, plan)))
    leaks.push('success, but the image is not in the engine')
  return { verdict, leaks, log, seconds }
}

const containerOf = async (step: Step, label: string): Promise<string | undefined> => {
  for (let i = 0; i < 100; i++) {
    const { stdout } = await onEngine(step, ['ps', '--quiet', '--no-trunc', `--filter=label=${label}`])
    if (String(stdout) !== '') return String(stdout)
    await sleep(50)
  }
  return undefined
}

const signal = (step: Step, id: string, name: string) =>
  onEngine(step, ['kill', `--signal=${name}`, id], { reject: false })

// The platform removes the pipe's container with the step. What the pipe wrote in it beside the folders it was given
// is what it left; a killed one could not tidy up, and its memory, where the login was, is gone with it.
const leftInContainer = async (step: Step, label: string, killed: boolean): Promise<string[]> => {
  const { stdout: id } = await onEngine(step, [
    'ps',
    '--all',
    '--quiet',
    '--no-trunc',
    `--filter=label=${label}`,
  ])
  if (String(id) === '') return ['the container of the pipe is gone']
  const { stdout } = await onEngine(step, ['diff', String(id)])
  await onEngine(step, ['rm', '--force', String(id)])
  const added = String(stdout)
    .split('\n')
    .filter((line) => line.startsWith('A ') && !MOUNTS.test(line.slice(2)))
  return killed ? [] : added.map((line) => `left in the container of the pipe: ${line.slice(2)}`)
}

// What the engine itself makes, so that the volumes have a place.
const MOUNTS = /^\/(?:opt(?:\/atlassian(?:\/.*)?)?|usr\/local\/bin\/docker)$/

const isThere = async (step: Step, { lane }: Plan): Promise<boolean> =>
  !(await onEngine(step, ['image', 'inspect', image(lane)], { reject: false })).failed

const formsOf = ({ grant }: Step): string[] => [
  grant.password,
  encodeURIComponent(grant.password),
  Buffer.from(`${grant.username}:${grant.password}`).toString('base64'),
]

const isInArguments = async (step: Step): Promise<boolean> =>
  (await processes(step)).some(
    ({ command, contained }) => contained && formsOf(step).some((form) => command.includes(form)),
  )

interface Left {
  containers: string[]
  volumes: string[]
  networks: string[]
  processes: string[]
  files: string[]
}

const leftOf = async (step: Step): Promise<Left> => {
  const list = async (args: string[]) =>
    String((await onEngine(step, args)).stdout)
      .split('\n')
      .filter(Boolean)
  return {
    containers: await list(['ps', '--all', '--format={{.Image}} {{.Status}}']),
    volumes: await list(['volume', 'ls', '--quiet']),
    networks: await list(['network', 'ls', '--format={{.Name}}']),
    processes: (await processes(step)).filter(({ contained }) => contained).map(({ command }) => command),
    files: (await filesBelow(step.build)).filter((name) => !EXPECTED.test(name)),
  }
}

// What a run is asked for: its outputs, and the store's documents and blobs by the names that stores give.
const EXPECTED =
  /^(?:\.bitbucket\/|\.git\/|\.images-\d+\/(?:index\.json|manifest\.json|oci-layout|\.gitignore|blobs\/sha256\/[0-9a-f]{64})$)/

const filesBelow = async (folder: string): Promise<string[]> =>
  (await readdir(folder, { recursive: true, withFileTypes: true }))
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))

const leaksOf = async (step: Step, before: Left): Promise<string[]> => {
  // A container of RUN whose pipe was killed ends by itself with its commands.
  let after = await leftOf(step)
  for (let i = 0; i < 20 && after.processes.length > 0; i++) {
    await sleep(500)
    after = await leftOf(step)
  }
  const left = (Object.keys(before) as (keyof Left)[]).flatMap((kind) =>
    after[kind]
      .filter((name) => !before[kind].includes(name))
      .map((name) => `left behind in ${kind}: ${name}`),
  )
  return [...left, ...(await damagedIn(step)), ...(await secretsIn(step))]
}

// What a run had when it failed stays for the next one, which goes on where it broke; housekeeping removes it when it is
// an hour old.
const isUnfinished = (leak: string, stores: ReadonlySet<string>): boolean =>
  stores.has(/in files: (\.images-\d+)\/blobs\/sha256\/[^/]+\.part$/.exec(leak)?.[1] ?? '')

const damagedIn = async (step: Step): Promise<string[]> => {
  const names = (await filesBelow(step.build)).filter((name) => /\/blobs\/sha256\/[0-9a-f]{64}$/.test(name))
  const wrong = names.map(async (name) => {
    const bytes = await readFile(join(step.build, name))
    const hex = createHash('sha256').update(bytes).digest('hex')
    return name.endsWith(hex) ? [] : [`${name} has other bytes than its name says`]
  })
  return (await Promise.all(wrong)).flat()
}

const secretsIn = async (step: Step): Promise<string[]> => {
  const forms = formsOf(step)
  const found: string[] = []
  for (const name of await filesBelow(step.build)) {
    const path = join(step.build, name)
    const info = await stat(path).catch(() => undefined)
    if (!info?.isFile()) continue
    const bytes = await readFile(path)
    if (forms.some((form) => bytes.includes(form))) found.push(`the credential is in ${name}`)
  }
  return found
}
