import { describe, expect, it } from 'vitest'
import { environmentOf } from '../../src/run/environment.ts'
import type { RunSettings } from '../../src/settings/run.ts'
import { problemsOf as problems, settingsOf } from './fixture.ts'

const run = (variables: Record<string, string | undefined>) => settingsOf(variables).run

describe('RUN', () => {
  it('is a script where it is a string, whatever is in it', () => {
    const RUN = 'npm ci, twice\n  npm test -- --grep "a, b"'
    expect(run({ RUN: `${RUN}\n` })).toEqual({
      commands: RUN,
      shell: undefined,
      passed: {},
      cloneFolder: '/clone',
    })
  })

  it('is commands where it is a list, each of any number of lines', () => {
    expect(
      run({ RUN_COUNT: '3', RUN_0: 'npm ci', RUN_1: 'for i in 1 2; do\n  echo, $i\ndone\n', RUN_2: '' })
        ?.commands,
    ).toEqual(['npm ci', 'for i in 1 2; do\n  echo, $i\ndone'])
  })

  it('is nothing where it is unset, and needs the clone folder where it is set', () => {
    expect(run({})).toBeUndefined()
    expect(problems({ RUN: 'true', BITBUCKET_CLONE_DIR: '' })).toContain('BITBUCKET_CLONE_DIR')
  })

  it.each([
    ['empty', { RUN: '' }, 'RUN: is there, but empty, so nothing would run'],
    ['blank', { RUN: ' \n ' }, 'RUN: is there, but empty, so nothing would run'],
    ['a variable that is not set', { RUN: '$TEST_COMMAND' }, 'RUN: is "$TEST_COMMAND", so nothing would run'],
    ['a list without items', { RUN_COUNT: '0' }, 'RUN: is there, but empty'],
    ['a list of empty items', { RUN_COUNT: '2', RUN_0: '', RUN_1: '${B}' }, 'RUN: is there, but empty'],
    ['a list in quotes', { RUN: '["npm ci", "npm test"]' }, 'RUN: is a list inside of quotes'],
  ])('is an error where it is there, and %s', (_, variables, words) => {
    expect(problems(variables)).toContain(words)
  })

  it('takes a test in brackets for a command', () => {
    expect(run({ RUN: '[ "$A" = "b" ]' })?.commands).toBe('[ "$A" = "b" ]')
  })

  it('warns of each command of a list that is empty', () => {
    const variables = { RUN_COUNT: '3', RUN_0: 'npm ci', RUN_1: '', RUN_2: '$TEST_COMMAND' }
    expect(settingsOf(variables).warnings).toEqual([
      'RUN: command 2 of the list is empty and left out; is the variable behind it set?',
      'RUN: command 3 of the list is empty and left out; is the variable behind it set?',
    ])
  })

  it('is missed by RUN_ENV and RUN_SHELL, and says when CHECK_ONLY leaves it out', () => {
    const warnings = (variables: Record<string, string>) => settingsOf(variables).warnings
    expect(warnings({ RUN_ENV: 'A=1', RUN_SHELL: 'bash' })).toEqual([
      'RUN_ENV has no effect without RUN',
      'RUN_SHELL has no effect without RUN',
    ])
    expect(warnings({ RUN: 'true', CHECK_ONLY: 'true' })).toEqual([
      'CHECK_ONLY: the commands of RUN are not run',
    ])
  })

  it('has other names that people try', () => {
    expect(problems({ COMMANDS: 'npm ci' })).toContain(
      'COMMANDS: this pipe has no such variable; did you mean RUN?',
    )
  })
})

describe('RUN_ENV', () => {
  it('passes variables of the pipe by name, and values that it holds itself', () => {
    const variables = {
      RUN: 'true',
      RUN_ENV_COUNT: '4',
      RUN_ENV_0: 'NPM_TOKEN',
      RUN_ENV_1: 'GREETING= hello, world = you \n',
      RUN_ENV_2: 'EMPTY=',
      RUN_ENV_3: '',
      NPM_TOKEN: ' a b\n',
    }
    expect(run(variables)?.passed).toEqual({
      NPM_TOKEN: ' a b\n',
      GREETING: ' hello, world = you \n',
      EMPTY: '',
    })
  })

  it('is split where it is one string', () => {
    expect(run({ RUN: 'true', RUN_ENV: 'A=1, B=2\nNPM_TOKEN', NPM_TOKEN: 'x' })?.passed).toEqual({
      A: '1',
      B: '2',
      NPM_TOKEN: 'x',
    })
  })

  it.each([
    ['is absent', undefined, 'is missing: put NPM_TOKEN: $NPM_TOKEN under "variables:" too. Allowed: '],
    ['is empty', '', 'is empty; is the variable behind it set? Allowed: '],
    ['was not replaced', '$ecretPass', 'looks like a variable that was not replaced'],
  ])('says what to do where a name is there, but its value %s', (_, NPM_TOKEN, words) => {
    const text = problems({ RUN: 'true', RUN_ENV: 'NPM_TOKEN', NPM_TOKEN })
    expect(text).toContain('RUN_ENV: "NPM_TOKEN" is to be passed, but ')
    expect(text).toContain(words)
    expect(text).not.toContain('ecretPass')
  })

  it('takes a value that begins with "$" where it holds it itself', () => {
    expect(run({ RUN: 'true', RUN_ENV: 'NPM_TOKEN=$ecretPass' })?.passed).toEqual({ NPM_TOKEN: '$ecretPass' })
  })

  it('refuses names that no shell takes, all of them at once and beside the problems of others', () => {
    const text = problems({ IMAGE: 'Base', RUN: 'true', RUN_ENV: 'npm-token=1 UID=5' })
    expect(text).toContain('3 variables are not valid')
    expect(text).toContain('entry 1 (not shown) is neither NAME nor NAME=value')
    expect(text).toContain('"UID" is a name that the shell keeps for itself')
  })

  it('does not show an entry that may be a secret in the wrong place', () => {
    for (const secret of ['ghp_16C7e42F292c6912E7710c838347', 'hunter-two', 'a1']) {
      expect(problems({ RUN: 'true', RUN_ENV: secret })).not.toContain(secret)
    }
  })

  it('keeps the names that it passes from being taken for slips of the pen', () => {
    const variables = {
      RUN: 'true',
      RUN_ENV_COUNT: '2',
      RUN_ENV_0: 'TOKEN',
      RUN_ENV_1: 'DEBUT',
      TOKEN: 't',
      DEBUT: 'd',
    }
    expect(run(variables)?.passed).toEqual({ TOKEN: 't', DEBUT: 'd' })
  })
})

describe('RUN_ENV, for names that every object has,', () => {
  it('passes them, and misses them', () => {
    const names = ['constructor', '__proto__', 'toString']
    const values = Object.fromEntries(names.map((name) => [name, 'x']))
    expect(Object.entries(run({ RUN: 'true', RUN_ENV: names.join(), ...values })?.passed ?? {})).toEqual(
      names.map((name) => [name, 'x']),
    )
    for (const name of names)
      expect(problems({ RUN: 'true', RUN_ENV: name })).toContain(`"${name}" is to be passed, but is missing`)
  })
})

describe('RUN_SHELL', () => {
  it('is a program, with its options', () => {
    expect(run({ RUN: 'true', RUN_SHELL: 'bash  -l' })?.shell).toEqual(['bash', '-l'])
    expect(problems({ RUN: 'true', RUN_SHELL: '-l' })).toContain('RUN_SHELL: "-l" is not a program')
  })
})

describe('the options of RUN_SHELL', () => {
  const within = { BITBUCKET_CLONE_DIR: '/clone', RUN: 'npm test' }

  it.each(['bash -n', 'sh -en', 'bash -x -n', 'bash -o noexec', 'bash -eo noexec'])(
    'is refused where it would run nothing: %s',
    (RUN_SHELL) => {
      expect(problems({ ...within, RUN_SHELL })).toContain(
        `RUN_SHELL: "${RUN_SHELL}" reads the commands and runs none of them (-n)`,
      )
    },
  )

  it.each(['bash --norc', 'bash -e -u -o nounset', 'bash -x', '/usr/bin/nu', 'bash --noprofile -l'])(
    'may have any other option: %s',
    (RUN_SHELL) => {
      expect(settingsOf({ ...within, RUN_SHELL }).run?.shell).toEqual(RUN_SHELL.split(' '))
    },
  )
})

it('RUN_ENV passes names that objects have of their own', () => {
  const env = { BITBUCKET_CLONE_DIR: '/clone', RUN: 'true', RUN_ENV: '__proto__=x constructor=y toString=' }
  const { run } = settingsOf(env)
  expect(Object.entries(environmentOf(env, run as RunSettings))).toEqual(
    expect.arrayContaining([
      ['__proto__', 'x'],
      ['constructor', 'y'],
      ['toString', ''],
    ]),
  )
})
