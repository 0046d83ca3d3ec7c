import { parseArgs } from 'node:util'
import { writeFigures } from '../../../scripts/figures.ts'
import { whyNot } from '../install.ts'
import { openLaboratory } from '../laboratory.ts'
import { figuresOf } from './figures.ts'
import { soak } from './soak.ts'

// `npm run soak [-- --runs N --seed N]`: through npm and not by hand, this is TypeScript. Exit code 1 where a run ended
// unexplained or left something behind, 2 where nothing could be tried.
const options = { runs: { type: 'string', default: '200' }, seed: { type: 'string', default: '1' } } as const
const given = parseArgs({ options }).values
const [runs, seed] = [Number(given.runs), Number(given.seed)]
const reason = await whyNot()
if (!(Number.isInteger(runs) && runs > 0 && Number.isInteger(seed))) {
  console.error('npm run soak [-- --runs N --seed N]: both are whole numbers, and at least one run.')
  process.exitCode = 2
} else if (reason !== undefined) {
  console.error(`The soak needs the laboratory, but ${reason}`)
  process.exitCode = 2
} else {
  const { laboratory, close } = await openLaboratory()
  try {
    const summary = await soak(laboratory, { runs, seed, onRun: (line) => console.log(line) })
    for (const text of [...summary.failures, ...summary.leaks]) console.error(`\n${text}`)
    console.log(`\n${figuresOf(summary)}`)
    if (runs >= Number(options.runs.default)) writeFigures('npm run soak', `${figuresOf(summary)}.`)
    process.exitCode = summary.unexplained > 0 || summary.leaks.length > 0 ? 1 : 0
  } finally {
    await close()
  }
}
