import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { execa } from 'execa'
import { writeFigures } from './figures.ts'

// `npm run security-figures`: runs the unit tests and writes into docs/security.md how many cases of each kind passed.
// Only what vitest reports as passed is counted, and nothing is written where one test failed.
interface Report {
  numFailedTests: number
  testResults: { name: string; assertionResults: { status: string }[] }[]
}

const ROOT = join(import.meta.dirname, '..')

/** Which test files hold what, by their paths. */
const kinds = {
  'cases of a registry, a token server or a proxy that is hostile or broken':
    /^test\/(?:registry\/|pipe-lookup|hostile)/,
  'cases of a folder that a cache or an artifact carried here': /^test\/(?:store\/|pipe-carried|pipe-store)/,
  'cases of secrets and of text from outside in the log': /^test\/(?:secret|report\/|text|settings\/secrets)/,
}

const main = async (): Promise<void> => {
  const dir = mkdtempSync(join(tmpdir(), 'figures-'))
  try {
    const output = join(dir, 'report.json')
    const args = [
      'vitest',
      'run',
      '--project=unit',
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${output}`,
    ]
    await execa('npx', args, { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit'], reject: false })
    const report = JSON.parse(readFileSync(output, 'utf8')) as Report
    if (report.numFailedTests > 0)
      throw new Error(`${report.numFailedTests} tests failed: nothing is written.`)
    writeFigures('npm run security-figures', figuresOf(report))
  } finally {
    rmSync(dir, { recursive: true })
  }
}

const figuresOf = ({ testResults }: Report): string => {
  const files = testResults.map(({ name, assertionResults }) => ({
    name: relative(ROOT, name),
    passed: assertionResults.filter(({ status }) => status === 'passed').length,
  }))
  const rows = Object.entries(kinds).map(([kind, files_]) => {
    const count = files.filter(({ name }) => files_.test(name)).reduce((sum, { passed }) => sum + passed, 0)
    return `| ${kind} | ${count} |`
  })
  const sources = files
    .filter(({ passed }) => passed > 0)
    .map(({ name }) => readFileSync(join(ROOT, name), 'utf8'))
  const properties = sources.flatMap((text) => text.match(/\bfc\.(?:asyncProperty|property)\(/g) ?? []).length
  return [
    '| what | passed |',
    '| --- | --- |',
    ...rows,
    `| properties, each tried with a hundred inputs or more | ${properties} |`,
  ].join('\n')
}

await main()
