import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { project } from './cache.ts'
import { whyNot } from './install.ts'
import { openLaboratory } from './laboratory.ts'
import { runPipeline } from './runner/pipeline.ts'

// `npm run demo` runs the README's first complete example, unchanged, and prints the steps' logs as Bitbucket shows
// them. Through npm and not by hand: this is TypeScript, for the Node.js that npm installs.
const example = (readme: string): string => {
  const blocks = [...readme.matchAll(/^```yaml\n(.*?)^```/gms)].map(([, block = '']) => block)
  const found = blocks.find((block) => /^pipelines:/m.test(block) && block.includes('pipe:'))
  if (!found) throw new Error('README.md has no complete bitbucket-pipelines.yml with a pipe in it')
  return found
}

const reason = await whyNot()
if (reason !== undefined) throw new Error(`The demo needs the laboratory, but ${reason}`)
const yaml = example(await readFile(join(project, 'README.md'), 'utf8'))
const { laboratory, close } = await openLaboratory()
try {
  console.log(`bitbucket-pipelines.yml, from README.md:\n\n${yaml.replaceAll(/^/gm, '    ')}`)
  const outcomes = await runPipeline(laboratory, yaml, { onLog: (text) => process.stdout.write(text) })
  for (const { name, exitCode, seconds } of outcomes) {
    console.log(`\n${name}: exit code ${exitCode} after ${seconds.toFixed(1)} s`)
  }
  process.exitCode = outcomes.find(({ exitCode }) => exitCode !== 0)?.exitCode ?? 0
} finally {
  await close()
}
