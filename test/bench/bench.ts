import { whyNot } from '../lab/install.ts'
import { openLaboratory } from '../lab/laboratory.ts'
import { measureMemory } from './memory.ts'
import { comparePulls } from './pull.ts'
import { compareRuns } from './run.ts'
import { compareStarts } from './start.ts'
import { compareStores } from './store.ts'

// The figures of the project, side by side with what a user would do without it. `npm run bench [part …]`.
const reason = await whyNot()
if (reason !== undefined) throw new Error(`The benchmarks need the laboratory, but ${reason}`)
const parts = process.argv.slice(2)
const wanted = (part: string) => parts.length === 0 || parts.includes(part)

if (wanted('start')) await compareStarts()
if (wanted('store')) await compareStores()
// Takes 10 GB of disk, so only by name.
if (parts.includes('memory')) await measureMemory()
const { laboratory, close } = await openLaboratory()
try {
  if (wanted('pull')) await comparePulls(laboratory)
  if (wanted('run')) await compareRuns(laboratory)
} finally {
  await close()
}
