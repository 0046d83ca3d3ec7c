import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** What the fake answers to one docker command, named by its first words (`login`, `image inspect`). */
export interface Answer {
  stdout?: string
  stderr?: string
  exitCode?: number
  /** Shell commands to run first; `$config` is the folder of the docker config. */
  script?: string
}

/** One call of the fake, as it saw it. */
export interface Call {
  args: string[]
  stdin: string
  env: string[]
  /** The docker config at the time of the call, and its file mode. */
  config: { folder: string; text: string; mode: string }
}

const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`

/**
 * A real executable named docker in a folder of its own, which answers as told and writes down each call. It stands
 * in for the CLI where a test is about what the pipe does with an answer that a real engine gives only in trouble.
 */
export const fakeDocker = (answers: Record<string, Answer>) => {
  const folder = mkdtempSync(join(tmpdir(), 'fake-docker-'))
  const cases = Object.entries(answers).map(
    ([words, { stdout = '', stderr = '', exitCode = 0, script = ':' }]) =>
      [
        `${quoted(words)}*) ${script}`,
        `printf %s ${quoted(stdout)}`,
        `printf %s ${quoted(stderr)} >&2`,
        `exit ${exitCode};;`,
      ].join('\n'),
  )
  const record = `${process.execPath} -e ${quoted(RECORD)} ${quoted(join(folder, 'calls'))}`
  const text = [
    '#!/bin/sh',
    `${record} "$@"`,
    'config=$2',
    'shift 2',
    `case "$*" in`,
    ...cases,
    'esac',
    '',
  ].join('\n')
  writeFileSync(join(folder, 'docker'), text, { mode: 0o755 })
  return {
    path: `${folder}:/usr/bin:/bin`,
    calls: (): Call[] =>
      readFileSync(join(folder, 'calls'), { encoding: 'utf8', flag: 'a+' })
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Call),
  }
}

// Runs inside the fake: one JSON line a call.
const RECORD = `
const fs = require('fs'), [path, , folder, ...args] = process.argv.slice(1)
const file = folder + '/config.json'
fs.appendFileSync(path, JSON.stringify({
  // The input of a container lasts as long as the container; a script of the test may read it.
  args, stdin: args[0] === 'attach' ? '' : fs.readFileSync(0, 'utf8'), env: Object.keys(process.env),
  config: { folder, text: fs.readFileSync(file, 'utf8'), mode: (fs.statSync(file).mode & 0o777).toString(8) },
}) + '\\n')
`
