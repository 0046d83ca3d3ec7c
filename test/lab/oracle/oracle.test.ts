import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { describeInLaboratory, laboratory } from '../attach.ts'
import { kept } from '../cache.ts'
import { selectedEngines } from '../engines/engines.ts'
import { runPipe } from './columns.ts'
import { compareAll } from './compare.ts'
import { openOracleStep, startOracle } from './oracle.ts'
import { refusals } from './refusals.ts'
import { differences, everything } from './report.ts'
import { otherHost } from './row.ts'
import { realms } from './rows/hosts.ts'
import { table } from './table.ts'

const MARKED = 'K9xq2Zt7Wm4Rv8Bj'

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

  for (const engine of selectedEngines())
    test(`shows a credential to no other realm than the pipe was told, with engine ${engine}`, async () => {
      const { world } = laboratory()
      const step = await openOracleStep(world, engine)
      const ask = async (id: string, variables: Record<string, string>) => {
        const row = realms.find((each) => each.id === id)
        if (row === undefined) throw new Error(`There is no row ${id}`)
        const log = join(world.dir, 'oracle.log')
        const before = (await readFile(log, 'utf8')).length
        const run = await runPipe(step, [row], 'pull', {
          ...variables,
          BITBUCKET_PACKAGES_TOKEN: MARKED,
        })
        return { ...run, served: (await readFile(log, 'utf8')).slice(before) }
      }
      const mark = ` with Basic ${Buffer.from(`oracle:${MARKED}`).toString('base64')}`
      const pair = { BITBUCKET_PACKAGES_USERNAME: 'oracle' }
      try {
        // The engine shows the credential wherever it is sent.
        const open = await ask('two-faced', pair)
        expect(open.served).toMatch(new RegExp(`${otherHost}/token.*${mark}`))
        const listed = { ...pair, AUTH_REALM_HOSTS: 'auth.example.com' }
        const bound = await ask('two-faced', listed)
        expect([bound.exitCode, bound.log]).toEqual([0, expect.stringContaining('Pulled ')])
        expect(bound.served).not.toContain(otherHost)
        expect(bound.served).toContain(mark)
        const short = await ask('short-token', listed)
        expect([short.exitCode, short.log]).toEqual([0, expect.stringContaining('Pulled ')])
      } finally {
        await step.close()
      }
    })
})
