import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, symlinkSync } from 'node:fs'
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
  const program = `{ exec < /dev/null; ${bodyOf({ commands, environment, cloneFolder })}\n}\n`
  const [file = '', ...args] =
    shell.length === 1 ? commandOf(shell) : ['sh', '-c', '"$@"; exit $?', 'sh', ...shell, '-s']
  const { status, stdout, stderr } = spawnSync(file, args, {
    input: program,
    encoding: 'utf8',
    cwd: cloneFolder,
    env: { PATH: process.env.PATH, HOME: cloneFolder },
  })
  return { status, stdout, stderr }
}

/** Without what the shell itself says of an error. */
const withoutErrors = (stdout: string) => stdout.replaceAll(/^(?:bash|dash|sh): .*\n/gm, '')

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
      expect(withoutErrors(stdout)).toBe(`+ ${command}\n`)
      expect(status).toBe(code)
    })

    it('ends with a command that is not complete, and keeps the next out of it', () => {
      const { status, stdout } = run(shell, ['echo "open', 'echo " closed'])
      expect(withoutErrors(stdout)).toBe('+ echo "open\n')
      expect(status).toBe(2)
    })

    it('ends a script with its first error, unless the script wants to go on', () => {
      expect(run(shell, 'echo one\nfalse\necho two')).toMatchObject({ status: 1, stdout: 'one\n' })
      expect(run(shell, 'false || echo one\nset +e\nfalse\necho two')).toMatchObject({
        status: 0,
        stdout: 'one\ntwo\n',
      })
    })

    // Bash says "line 3: ", busybox too, dash "3: ".
    const lineOf = (stdout: string, word: string) =>
      new RegExp(`^(?:bash|dash|sh): (?:\\w+: )?(?:line )?(\\d+): .*${word}`, 'm').exec(stdout)?.[1]

    it('counts the lines of a script as the user does, whatever its environment holds', () => {
      const environment = { HOME: cloneFolder, KEY: 'four\n\nlines\n', EMPTY: '' }
      const { stdout } = run(
        shell,
        "set +e\necho '\n'\n# four\nno-such-command\n\ncd /no-such-folder",
        environment,
      )
      // What stands before the first command in quotes counts too.
      expect(lineOf(stdout, 'no-such-command')).toBe('5')
      expect(lineOf(stdout, 'no-such-folder')).toBe('7')
      const broken = run(shell, 'echo one\nif true; then\n  )\nfi', environment)
      expect(broken.stdout).toMatch(/^one\n/)
      expect(lineOf(broken.stdout, '(?:unexpected|near)')).toBe('3')
    })

    it('counts the lines of each item of a list by itself', () => {
      const { stdout } = run(shell, ['set +e\n\n', 'no-such-command', 'true\ntrue\nnor-this-one', 'true'])
      expect(lineOf(stdout, 'no-such-command')).toBe('1')
      expect(lineOf(stdout, 'nor-this-one')).toBe('3')
    })

    it('tells LINENO and traces of the same lines', () => {
      // Dash as Debian builds it knows no LINENO.
      if (shell[0] === 'dash') return
      const { stdout } = run(shell, 'echo $LINENO\n\necho $LINENO\nf() {\n  echo $LINENO\n}\nf')
      expect(stdout).toBe('1\n3\n5\n')
    })

    it('has errors where they happened, in one stream with what is put out', () => {
      const items = Array.from({ length: 30 }, (_, index) => `echo out ${index}; echo err ${index} >&2`)
      const { stdout, stderr } = run(shell, items)
      expect(stderr).toBe('')
      expect(stdout).toBe(items.map((item, index) => `+ ${item}\nout ${index}\nerr ${index}\n`).join(''))
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

const has = (program = '') => spawnSync(program, ['-c', ':']).error === undefined

// By its own name, as images have it.
const ash = join(cloneFolder, 'ash')
if (has('busybox')) symlinkSync(execFileSync('which', ['busybox'], { encoding: 'utf8' }).trim(), ash)

/** Runs commands by the words of RUN_SHELL. */
const runBy = (shell: string, commands: RunSettings['commands'], environment: Record<string, string>) => {
  const [file = '', ...args] = commandOf(shell === '' ? undefined : shell.split(' '))
  const { status, signal, stdout, stderr } = spawnSync(file, args, {
    // What of its input a shell has not read when it ends is of no interest.
    input: `{ exec < /dev/null; ${bodyOf({ commands, environment, cloneFolder })}\n}\n`,
    encoding: 'utf8',
    cwd: cloneFolder,
    env: { PATH: process.env.PATH, HOME: cloneFolder },
    timeout: 10_000,
  })
  // The greeting and the prompts of an interactive ash.
  const all = `${stdout}${stderr}`.replace(/^\n\nBusyBox [\s\S]*# > /, '')
  return { status, signal, all }
}

describe.each(
  [
    '',
    'bash -x',
    'bash -v',
    'bash -xv',
    'bash -i',
    'bash -l -x',
    'bash -i -x',
    'bash --verbose -o xtrace',
    'bash -e -u -o pipefail',
    'sh -v',
    'sh -x -v',
    'dash -x',
    'dash -i',
    'dash -v -e -u',
    `${ash} -x`,
    `${ash} -v`,
    `${ash} -i`,
  ]
    .filter((shell) => has(shell === '' ? 'sh' : shell.split(' ')[0]))
    .map((shell) => ({ shell })),
)('the program in "$shell"', ({ shell }) => {
  const environment = {
    NPM_TOKEN: 'npm-s3cr3t-9999',
    KEY: "first line\nse'cond !line\n\nlast-0000",
    HOME: cloneFolder,
  }

  it.each([
    ['a script', 'echo one\n[ "${#NPM_TOKEN}-${#KEY}" = 15-35 ] || exit 9\necho two\nexit 3'],
    ['a list', ['echo one', '[ "${#NPM_TOKEN}-${#KEY}" = 15-35 ] || exit 9', 'echo two', 'exit 3']],
  ])('runs %s, and shows no value that it hands over', (_, commands) => {
    const { status, all } = runBy(shell, commands, environment)
    expect(status).toBe(3)
    expect(all.split('\n').filter((line) => !line.includes('+'))).toEqual(
      expect.arrayContaining(['one', 'two']),
    )
    expect(all).not.toMatch(/s3cr3t|first line|cond !line|0000|packages_pull/)
  })

  it('leaves the user the trace of their own commands', () => {
    const { all } = runBy(shell, 'set -x\necho "a b"\nset +x\necho c', environment)
    expect(all).toMatch(/^\++ echo ['"]?a b['"]?\na b\n/m)
    expect(all).toMatch(/^c$/m)
    expect(all).not.toMatch(/s3cr3t/)
  })

  it('says what it has to say of an error, on the line of the user', () => {
    const { status, all } = runBy(shell, 'echo one\n\nno-such-command', environment)
    expect(status).toBe(127)
    // Interactive shells count no lines.
    expect(all).toMatch(
      shell.includes(' -i') ? /no-such-command.*not found/ : /(?:line )?3: .*no-such-command.*not found/,
    )
  })
})

it.each([['bash -Z'], ['dash -Z'], ['bash -o no-such-option']])(
  'a shell that does not know its options says so: %s',
  (shell) => {
    const { status, all } = runBy(shell, 'echo one', {})
    expect(status).not.toBe(0)
    expect(all).toMatch(/-Z|no-such-option/)
    expect(all).not.toMatch(/^one$/m)
  },
)
