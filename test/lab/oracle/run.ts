import { copyFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { kept } from '../cache.ts'
import { selectedEngines } from '../engines/engines.ts'
import { installPackages } from '../install.ts'
import { openWorld } from '../world/world.ts'
import { compareAll } from './compare.ts'
import { openOracleStep, startOracle } from './oracle.ts'
import { differences, everything } from './report.ts'
import { table } from './table.ts'

// `run.ts [expression]`: the rows whose names match, on the engines of LAB_ENGINES; for who works on the table.
const [, , filter = ''] = process.argv
await installPackages()
const { close, ...world } = await openWorld()
try {
  await startOracle(world)
  const rows = table.filter(({ id }) => new RegExp(filter).test(id))
  for (const engine of selectedEngines()) {
    const step = await openOracleStep(world, engine)
    const started = performance.now()
    const compared = await compareAll(step, engine, rows).finally(async () => {
      await copyFile(join(step.dir, 'engine.log'), join(kept, `oracle-${engine}.log`))
      await copyFile(join(world.dir, 'oracle.log'), join(kept, `oracle-${engine}-served.log`))
      await step.close()
    })
    await writeFile(join(kept, `oracle-${engine}.txt`), `${everything(engine, compared)}\n`)
    console.log(differences(engine, compared))
    console.log(`${engine}: ${rows.length} rows, ${((performance.now() - started) / 1000).toFixed(1)} s`)
  }
} finally {
  await close()
}
