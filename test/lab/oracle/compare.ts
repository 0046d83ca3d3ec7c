import type { EngineName } from '../engines/engines.ts'
import type { Step } from '../runner/step.ts'
import { askEngine, askPipe, type Column, type Verdict } from './columns.ts'
import { everywhere } from './reasons.ts'
import { refusals } from './refusals.ts'
import { type Difference, type Row, type Way, ways } from './row.ts'

/** A row, what the engine does with it, what the pipe does, and what is wrong about that. */
export interface Compared {
  row: Row
  engine: Verdict
  pipe: Record<Way, Verdict>
  faults: string[]
}

/** Asks an engine, and the pipe by each way, for every row. */
export const compareAll = async (
  step: Step,
  engine: EngineName,
  all: readonly Row[],
): Promise<Compared[]> => {
  const rows = all.filter(({ breaks }) => !breaks?.includes(engine))
  const asked = await askEngine(step, rows)
  const ask = (way: Way) => askWay(step, { rows, asked, way })
  const columns = { pull: await ask('pull'), STORE: await ask('STORE'), CHECK_ONLY: await ask('CHECK_ONLY') }
  return rows.map((row) => {
    const said = of(asked, row)
    const [pull, store, check] = [of(columns.pull, row), of(columns.STORE, row), of(columns.CHECK_ONLY, row)]
    const pipe = { pull, STORE: store, CHECK_ONLY: check }
    return { row, engine: said, pipe, faults: faultsOf({ row, engine, asked: said }, pipe) }
  })
}

interface Asked {
  rows: readonly Row[]
  asked: Column
  way: Way
}

// Many are asked for at once, and those of which nothing is said then alone: it may be another one's fault. What the
// engine refuses is kept apart, so that it seldom is.
const askWay = async (step: Step, { rows, asked, way }: Asked): Promise<Column> => {
  const pulled = rows.filter((row) => of(asked, row).delivered)
  const refused = rows.filter((row) => !of(asked, row).delivered)
  const column = new Map([...(await askPipe(step, pulled, way)), ...(await askPipe(step, refused, way))])
  const silent = rows.filter((row) => of(column, row).code === '')
  return new Map([...column, ...(await askPipe(step, silent, way, 1))])
}

const of = (column: Column, { id }: Row): Verdict => {
  const verdict = column.get(id)
  if (verdict === undefined) throw new Error(`Nobody was asked for ${id}`)
  return verdict
}

interface Case {
  row: Row
  engine: EngineName
  asked: Verdict
}

const faultsOf = (one: Case, pipe: Record<Way, Verdict>): string[] => [
  ...faultsOfTable(one),
  ...ways.flatMap((way) => faultOf(one, way, pipe[way]) ?? []),
]

// Both could refuse everything and agree: what the engine says is known beforehand.
const faultsOfTable = ({ row, engine, asked }: Case): string[] => {
  const known = Object.entries(refusals[row.id] ?? {})
  const [words] = known.find(([, engines]) => engines === 'all' || engines.includes(engine)) ?? []
  if (words === undefined) return asked.delivered ? [] : ['engine: the table says that it pulls this']
  if (asked.delivered) return [`engine: the table says that it refuses this: ${words}`]
  return asked.words.includes(words) ? [] : [`engine: the table says that its words are: ${words}`]
}

const faultOf = ({ row, engine, asked }: Case, way: Way, verdict: Verdict): string | undefined => {
  if (verdict.code === 'PKG-INTERNAL') return `${way}: PKG-INTERNAL is a fault of the pipe`
  const differs = [...(row.differs ?? []), ...everywhere].filter(
    ({ ways: some = ways, engines = [engine] }) => some.includes(way) && engines.includes(engine),
  )
  if (!allowed(differs, asked.delivered).includes(verdict.delivered)) {
    const why = differs[0]?.why ?? `as the engine ${asked.delivered ? 'delivers' : 'refuses'} it`
    return `${way}: should be ${verdict.delivered ? 'refused' : 'delivered'}, ${why}`
  }
  if (way === 'CHECK_ONLY' || !verdict.delivered || !asked.delivered) return undefined
  const same = verdict.image !== undefined && verdict.image.content === asked.image?.content
  const sameId = engine.endsWith('-containerd') || verdict.image?.id === asked.image?.id
  return same && sameId ? undefined : `${way}: another image than the engine's`
}

// Where a row must be refused or delivered, nothing that may be elsewhere counts.
const allowed = (differs: readonly Difference[], byEngine: boolean): boolean[] => {
  const kinds = differs.map(({ pipe }) => pipe)
  if (kinds.includes('refuses')) return [false]
  if (kinds.includes('delivers')) return [true]
  return [
    byEngine,
    ...(kinds.includes('may refuse') ? [false] : []),
    ...(kinds.includes('may deliver') ? [true] : []),
  ]
}
