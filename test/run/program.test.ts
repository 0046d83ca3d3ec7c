import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { bodyOf, commandOf } from '../../src/run/program.ts'
import type { RunSettings } from '../../src/settings/run.ts'

const shells = [['bash'], ['dash'], ['busybox', 'sh']].filter(
  ([program = '']) => spawnSync(program, ['-c', ':']).error === undefined && existsSync('/bin/sh'),
)

const cloneFolder = mkdtempSync(join(tmpdir(), 'program-'))

/** Runs commands as in a container, but for what ends every other process there is: that is for the laboratory. */
const run = (shell: readonly string[], commands: RunSettings['commands'], environment = {}) => {
  const program = `{\nexec < /dev/null\n${bodyOf({ commands, environment, cloneFolder })}\n}\n`
  const [file = '', ...args] =
    shell.length === 1 ? commandOf(shell) : ['sh', '-c', '"$@"; exit $?', 'sh', ...shell, '-s']
  const { status, stdout, stderr } = spawnSync(file, args, {
    input: program,
    encoding: 'utf8',
    cwd: cloneFolder,
    env: { PATH: process.env.PATH },
  })
  return { status, stdout, stderr }
}

describe.each(shells.map((shell) => ({ name: shell.join(' '), shell })))(
  'the program in $name',
  ({ shell }) => {
    it('shows each command as it was written, and runs all of them in one shell', () => {
      const { status, stdout } = run(shell, ['x="a  \'b\'"; cd /', "echo '%s \\n'", 'echo "$x $PWD"'])
      expect(stdout).toBe(
        `+ x="a  'b'"; cd /\n+ echo '%s \\n'\n${shell[0] === 'dash' ? '%s \n' : '%s \\n'}\n+ echo "$x $PWD"\na  'b' /\n`,
      )
      expect(status).toBe(0)
    })

    it.each([
      ['false', 1],
      ['false && true', 1],
      ['true; (exit 7)', 7],
      ['no-such-command', 127],
      ['exit 3', 3],
      ['kill -KILL $$', 137],
      ['kill -TERM $$', 143],
      ['f() { false; echo reached; }; f', 1],
    ])('ends with %j, and with its exit code %i', (command, code) => {
      const { status, stdout } = run(shell, [command, 'echo reached'])
      expect(stdout).toBe(`+ ${command}\n`)
      expect(status).toBe(code)
    })

    it('ends with a command that is not complete, and keeps the next out of it', () => {
      const { status, stdout } = run(shell, ['echo "open', 'echo " closed'])
      expect(stdout).toBe('+ echo "open\n')
      expect(status).toBe(2)
    })

    it('ends a script with its first error, unless the script wants to go on', () => {
      expect(run(shell, 'echo one\nfalse\necho two')).toMatchObject({ status: 1, stdout: 'one\n' })
      expect(run(shell, 'false || echo one\nset +e\nfalse\necho two')).toMatchObject({
        status: 0,
        stdout: 'one\ntwo\n',
      })
    })

    it('gives the commands an empty standard input, and no child to wait for', () => {
      const { status, stdout } = run(shell, 'cat; wait; echo "<$(jobs)>"')
      expect(stdout).toBe('<>\n')
      expect(status).toBe(0)
    })

    it('gives them their environment byte for byte', () => {
      const value = `"a" 'b' \\ \`id\` $(id) $HOME\n\n\t ünï 🎉 \n`
      const { stdout } = run(shell, ['printenv VALUE; printf "%s" "$VALUE"'], { VALUE: value, EMPTY: '' })
      expect(stdout.split('\n').slice(1).join('\n')).toBe(`${value}\n${value}`)
    })

    it('takes commands longer than an argument may be', () => {
      const { status, stdout } = run(
        shell,
        Array.from({ length: 3 }, () => `: ${'x'.repeat(130_000)}`),
      )
      expect(stdout).toHaveLength(3 * 130_005)
      expect(status).toBe(0)
    })

    it('makes the folder that HOME names', () => {
      const home = join(mkdtempSync(join(tmpdir(), 'home-')), 'a', 'b')
      expect(run(shell, 'cd; pwd', { HOME: home }).stdout).toBe(`${home}\n`)
    })
  },
)

it('the program tells git to trust the clone, beside what git is told already', () => {
  const GIT_CONFIG = { GIT_CONFIG_COUNT: '1', GIT_CONFIG_KEY_0: 'user.name', GIT_CONFIG_VALUE_0: 'me' }
  execFileSync('git', ['init', '--quiet', cloneFolder])
  const { stdout } = run(['bash'], 'git config --get-all safe.directory; git config user.name', GIT_CONFIG)
  expect(stdout).toBe('*\nme\n')
})
