import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { describeInLaboratory, laboratory } from '../attach.ts'
import { kept } from '../cache.ts'
import { selectedEngines } from '../engines/engines.ts'
import { type Compared, compareAll } from './compare.ts'
import { open } from './open.ts'
import { openOracleStep, startOracle } from './oracle.ts'
import { refusals } from './refusals.ts'
import { differences, everything } from './report.ts'
import { table } from './table.ts'

describeInLaboratory('What the engine pulls', () => {
  beforeAll(() => startOracle(laboratory().world))

  test('is asked of at least 60 documents, each with a name of its own', () => {
    const ids = table.map(({ id }) => id)
    expect(new Set(ids).size).toBe(ids.length)
    expect(ids.length).toBeGreaterThan(60)
    expect(Object.keys(refusals).filter((id) => !ids.includes(id))).toEqual([])
    expect(Object.values(open).flatMap((some) => some.filter((id) => !ids.includes(id)))).toEqual([])
  })

  for (const engine of selectedEngines()) {
    test(`is what the pipe delivers, by every way, with engine ${engine}`, { timeout: 900_000 }, async () => {
      const step = await openOracleStep(laboratory().world, engine)
      try {
        const compared = await compareAll(step, engine, table)
        await writeFile(join(kept, `oracle-${engine}.txt`), `${everything(engine, compared)}\n`)
        const isOpen = ({ row }: Compared) => open[engine]?.includes(row.id) ?? false
        const settled = compared.filter((each) => isOpen(each) && each.faults.length === 0)
        const wrong = differences(
          engine,
          compared.filter((each) => !isOpen(each)),
        )
        if (wrong !== '') throw new Error(wrong)
        if (settled.length > 0)
          console.log(`oracle: as they should be by now: ${settled.map(({ row }) => row.id).join(' ')}`)
      } finally {
        await step.close()
      }
    })
  }
})
