import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { describeInLaboratory, laboratory } from '../attach.ts'
import { kept } from '../cache.ts'
import { selectedEngines } from '../engines/engines.ts'
import { compareAll } from './compare.ts'
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
  })

  for (const engine of selectedEngines()) {
    test(`is what the pipe delivers, by every way, with engine ${engine}`, { timeout: 900_000 }, async () => {
      const step = await openOracleStep(laboratory().world, engine)
      try {
        const compared = await compareAll(step, engine, table)
        await writeFile(join(kept, `oracle-${engine}.txt`), `${everything(engine, compared)}\n`)
        const wrong = differences(engine, compared)
        if (wrong !== '') throw new Error(wrong)
      } finally {
        await step.close()
      }
    })
  }
})
