import { resolve } from 'node:path'
import { whyNot } from './install.ts'
import { openLaboratory } from './laboratory.ts'
import { Refusal, readPipeline } from './runner/pipeline-file.ts'
import { runFile } from './runner/run-file.ts'

// `npm run lab`. Through npm and not by hand: this is TypeScript, for the Node.js that npm installs.
const USAGE = `npm run lab                           leaves a laboratory up, with one step in it, and says how to use it by hand
npm run lab -- run FILE.yml [STEP…]   runs the default pipeline of a bitbucket-pipelines.yml, or only the steps of
                                      these names or numbers; each step's clone is a copy of the file's folder.
                                      Ends with the exit code of the first step that failed.

The pipeline runs in the repository acme/app. crg.apkg.io has the images acme/base:1.4, acme/base:1.5,
acme/tools:2, acme/multi:1 and acme/biguid:1, and of another repository acme/other:1.`

const [command, ...args] = process.argv.slice(2)

const run = async ([file, ...steps]: string[]): Promise<number> => {
  if (file === undefined) throw new Refusal(`Which file?\n${USAGE}`)
  // npm runs this in the project's folder, and says where it was called.
  const path = resolve(process.env.INIT_CWD ?? '', file)
  // Before the laboratory is up, which takes a while.
  await readPipeline(path, steps)
  const reason = await whyNot()
  if (reason !== undefined) throw new Refusal(`The laboratory cannot run here: ${reason}.`)
  const { laboratory, close } = await openLaboratory()
  try {
    return await runFile(laboratory, { path, steps }, (text) => process.stdout.write(text))
  } finally {
    await close()
  }
}

try {
  if (command === undefined) await import('./shell.ts')
  else if (command === 'run') process.exitCode = await run(args)
  else if (/^(help|-h|--help)$/.test(command)) console.log(USAGE)
  else throw new Refusal(`There is no "${command}" here.\n${USAGE}`)
} catch (error) {
  // What the laboratory itself has to say of a pipeline is a plain Error.
  const isPlain = error instanceof Error && error.name === 'Error'
  console.error(isPlain ? error.message : error)
  process.exitCode = 2
}
