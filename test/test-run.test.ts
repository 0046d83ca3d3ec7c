import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { execa } from 'execa'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

const ROOT = join(import.meta.dirname, '..')

// Other tests, by the real configuration.
describe('a test run', { timeout: 60_000 }, () => {
  let project: string
  beforeEach(() => {
    project = mkdtempSync(join(tmpdir(), 'test-run-'))
    const used = [
      'package.json',
      'vitest.config.ts',
      'test/closing-line.ts',
      'test/progress.ts',
      'test/temporary.ts',
    ]
    for (const name of used) cpSync(join(ROOT, name), join(project, name))
    symlinkSync(join(ROOT, 'node_modules'), join(project, 'node_modules'))
    for (const name of ['test/bundle.ts', 'test/lab/global-setup.ts'])
      write(name, 'export const setup = () => {}')
  })
  afterEach(() => rmSync(project, { recursive: true, force: true }))

  const write = (name: string, text: string) => {
    mkdirSync(dirname(join(project, name)), { recursive: true })
    writeFileSync(join(project, name), text)
  }

  const test = (body: string, name = 'a test') =>
    `import { test } from 'vitest'\ntest('${name}', async () => { ${body} })\n`

  const run = async (...args: string[]) => {
    const vitest = join(project, 'node_modules/vitest/vitest.mjs')
    const env = { NO_COLOR: '1', CI: '' }
    const { stdout, exitCode } = await execa(process.execPath, [vitest, 'run', ...args], {
      cwd: project,
      env,
      reject: false,
    })
    return { stdout, exitCode, last: stdout.split('\n').at(-1) }
  }

  it.each(['1', '3'])('has the laboratory last, with %s workers', async (workers) => {
    write('test/lab/a.test.ts', test("console.log('the laboratory')"))
    for (const name of ['x', 'y', 'z']) write(`test/${name}.test.ts`, test("console.log('a unit')"))
    const { stdout, exitCode, last } = await run(`--maxWorkers=${workers}`)
    expect(stdout.match(/^(the laboratory|a unit)$/gm)).toEqual([
      'a unit',
      'a unit',
      'a unit',
      'the laboratory',
    ])
    expect([exitCode, last]).toEqual([0, '4 passed, 0 failed, 0 skipped'])
  })

  it('counts a file that does not load beside a test that fails', async () => {
    write('test/a.test.ts', test("throw new Error('no')"))
    write('test/b.test.ts', "import './absent.ts'")
    write('test/c.test.ts', test(''))
    const { exitCode, last } = await run('--project=unit')
    expect([exitCode, last]).toEqual([1, '1 passed, 2 failed, 0 skipped'])
  })

  it('counts a hook that fails, and what it kept from running', async () => {
    const hook = "import { afterAll } from 'vitest'\nafterAll(() => { throw new Error('no') })\n"
    write('test/a.test.ts', `${hook}${test('')}`)
    write('test/b.test.ts', `import { it } from 'vitest'\nit.skip('not now', () => {})\n`)
    const { exitCode, last } = await run('--project=unit')
    expect([exitCode, last]).toEqual([1, '1 passed, 1 failed, 1 skipped'])
  })

  it('counts a setup that fails, where no test runs at all', async () => {
    write('test/lab/global-setup.ts', "export const setup = () => { throw new Error('no') }")
    write('test/lab/a.test.ts', test(''))
    const { exitCode, last } = await run('--project=lab')
    expect([exitCode, last]).toEqual([1, '0 passed, 1 failed, 0 skipped'])
  })

  it('says what it is doing while a file takes long', async () => {
    const config =
      "import { defineConfig } from 'vitest/config'\nimport { progress } from './test/progress.ts'\n"
    write(
      'vitest.config.ts',
      `${config}export default defineConfig({ test: { reporters: [progress(200)] } })`,
    )
    const wait = 'await new Promise((resolve) => setTimeout(resolve, 1500))'
    write('test/long.test.ts', test('', 'first') + test(wait, 'second').split('\n')[1])
    const { stdout } = await run()
    expect(stdout).toMatch(/^ … 0:0\d {2}0 of 1 files; now test\/long\.test\.ts \(1 of 2 tests\)$/m)
    expect(stdout.split('\n').length).toBeLessThan(20)
  })
})
