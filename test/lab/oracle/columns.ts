import { mkdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { mapConcurrently } from '../../../src/map-concurrently.ts'
import { project } from '../cache.ts'
import { buildFolder } from '../runner/layout.ts'
import { docker, inStep, type Step } from '../runner/step.ts'
import { authority } from '../world/certificates.ts'
import { hostOf, imageOf, type Row, referenceOf, repositoryOf, type Way } from './row.ts'

/** What came of a row by one way. */
export interface Verdict {
  delivered: boolean
  /** Which image came, as the engine knows it. */
  image?: Found
  /** The pipe's code where it failed; empty where it has no error of this row. */
  code?: string
  /** What the engine or the pipe said. */
  words: string
}

/** An image of the engine: its id, and what is in it. */
interface Found {
  id: string
  /** The id differs between ways into containerd's store; this does not. */
  content: string
}

/** A verdict for each row, by its id. */
export type Column = Map<string, Verdict>

// Two processors, and the other side is on the same machine.
const CONCURRENCY = 3

/** What `docker pull` does with each row. The engine has nothing before and after. */
export const askEngine = async (step: Step, rows: readonly Row[]): Promise<Column> => {
  const column: Column = new Map()
  await mapConcurrently(rows, CONCURRENCY, async (row) => {
    const config = `--config=/run/lab/docker/${row.id}`
    if (row.login) {
      const login = [config, 'login', '--username=oracle', '--password-stdin', hostOf(row)]
      await docker(step, login, { input: 'secret', reject: false })
    }
    const pull = await docker(step, [config, 'pull', '--quiet', imageOf(row)], {
      reject: false,
      timeout: 60_000,
    })
    column.set(row.id, { delivered: !pull.failed, words: String(pull.stderr).trim() })
  })
  await identify(step, column, new Map(rows.map((row) => [row.id, imageOf(row)])))
  return column
}

/**
 * What the pipe does with each row by one way. Many rows are asked for in one run, but for those that have a host
 * of their own, and unless `batch` is 1: then a row's words are all that the run said. The engine has nothing
 * before and after.
 */
export const askPipe = async (step: Step, rows: readonly Row[], way: Way, batch = 40): Promise<Column> => {
  const column: Column = new Map()
  const ids = new Map<string, string>()
  await mapConcurrently(batches(rows, batch), CONCURRENCY, async (part) => {
    const { log, exitCode, images } = await runPipe(step, part, way)
    for (const [at, row] of part.entries()) {
      const id = images[at]?.id
      if (id !== undefined) ids.set(row.id, id)
      const several = way === 'CHECK_ONLY' ? checked(row, log) : id !== undefined
      const delivered = part.length > 1 ? several : exitCode === 0
      const words = delivered ? '' : part.length > 1 ? wordsFor(row, log) : log
      column.set(row.id, { delivered, words, ...(!delivered && { code: codeIn(words) }) })
    }
  })
  await identify(step, column, ids)
  return column
}

const batches = (rows: readonly Row[], size: number): Row[][] => {
  const parts: Row[][] = rows.filter(({ ownHost }) => ownHost).map((row) => [row])
  const others = rows.filter(({ ownHost }) => !ownHost)
  for (let at = 0; at < others.length; at += size) parts.push(others.slice(at, at + size))
  return parts
}

/** Runs the pipe in a step for some rows of one host by one way. */
export const runPipe = async (
  step: Step,
  rows: readonly Row[],
  way: Way,
  variables: Record<string, string> = {},
) => {
  const folder = `oracle/${way}-${rows[0]?.id}`
  await mkdir(join(step.build, folder), { recursive: true })
  const env = {
    ...common,
    NODE_EXTRA_CA_CERTS: join(await authority(), 'ca.crt'),
    REGISTRY: rows.map(hostOf)[0] ?? '',
    IMAGE: rows.map((row) => `${repositoryOf(row)}${referenceOf(row)}`).join(' '),
    OUTPUT_DIR: `${buildFolder}/${folder}/out`,
    ...(way === 'STORE' && { STORE: `${folder}/store` }),
    ...(way === 'CHECK_ONLY' && { CHECK_ONLY: 'true' }),
    ...variables,
  }
  const program = [process.execPath, join(project, 'dist/pipe.mjs')]
  const run = await inStep(step, program, { env, all: true, reject: false, timeout: 120_000 })
  const result = await readFile(join(step.build, folder, 'out/result.json'), 'utf8').catch(() => '{}')
  await rm(join(step.build, folder), { recursive: true })
  const { images = [] }: { images?: ({ id: string } | null)[] } = JSON.parse(result)
  return { log: String(run.all).trim(), exitCode: run.exitCode, images }
}

const common = {
  NO_COLOR: '1',
  BITBUCKET_PIPELINES_VARIABLES_PATH: '',
  MAX_ATTEMPTS: '1',
  TIMEOUT: '100s',
}

// The error that names the row's image, without what comes after it; nothing where there is none.
const wordsFor = (row: Row, log: string): string => {
  const name = new RegExp(`${repositoryOf(row)}(?![\\w.-])`)
  const parts = log.split(/^(?=ERROR: |✖ )/m)
  return (parts.find((part) => part.startsWith('ERROR: ') && name.test(part)) ?? '').trim()
}

const codeIn = (words: string): string => /^ERROR: (PKG-[A-Z0-9-]+): /m.exec(words)?.[1] ?? ''

// CHECK_ONLY's table has a line for each image, and the result in its last column.
const checked = (row: Row, log: string): boolean =>
  log.split('\n').some((line) => line.includes(` ${imageOf(row)} `) && / ok: \S+$/.test(line))

/** Notes what the engine has under these names, which are those of rows, and removes everything. */
const identify = async (step: Step, column: Column, names: ReadonlyMap<string, string>): Promise<void> => {
  const format =
    '{{.Id}} {{json .RepoTags}}{{json .RepoDigests}} {{.Architecture}} {{json .Config}} {{json .RootFS}}'
  const wanted = [...names].filter(([id]) => column.get(id)?.delivered)
  if (wanted.length === 0) return removeAll(step)
  const inspect = ['image', 'inspect', `--format=${format}`, ...wanted.map(([, name]) => name)]
  const { stdout } = await docker(step, inspect, { reject: false })
  const lines = String(stdout).split('\n')
  for (const [id, name] of wanted) {
    const line = lines.find((one) => one.startsWith(`${name} `) || one.includes(`"${name}"`))
    const verdict = column.get(id)
    const [own = '', , ...content] = line?.split(' ') ?? []
    if (line !== undefined && verdict !== undefined) verdict.image = { id: own, content: content.join(' ') }
  }
  await removeAll(step)
}

const removeAll = async (step: Step): Promise<void> => {
  const list = ['image', 'ls', '--quiet', '--all', '--no-trunc']
  const ids = async () => [
    ...new Set(
      String((await docker(step, list)).stdout)
        .split('\n')
        .filter(Boolean),
    ),
  ]
  const there = await ids()
  if (there.length === 0) return
  await docker(step, ['image', 'rm', '--force', ...there], { reject: false })
  const left = await ids()
  if (left.length > 0) throw new Error(`The engine keeps ${left.join(', ')}`)
}
