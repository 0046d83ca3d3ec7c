// The program behind `fakeDocker`. It starts for every docker command of every test, so it loads little.
import { spawn } from 'node:child_process'
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Script } from '../fake-docker.ts'
import { checkCount, fail, parse } from './arguments.ts'
import { commands } from './commands.ts'
import { EngineError } from './images.ts'
import { configSeen } from './login.ts'

const [folder = '', ...argv] = process.argv.slice(2)
const { answers, engine } = JSON.parse(readFileSync(join(folder, 'script.json'), 'utf8')) as Script

const record = (line: object) =>
  appendFileSync(join(folder, 'calls'), `${JSON.stringify({ pid: process.pid, ...line })}\n`)

// What ends with the command when a signal ends it.
let child: ReturnType<typeof spawn> | undefined
// A read of standard input does not hear of a signal; the third one ends the CLI whatever it does.
let reading = false
let signals = 0
const onSignal = (exitCode: number) => () => {
  if (++signals === 3) fail('\ngot 3 SIGTERM/SIGINTs, forcefully exiting')
  if (reading) return
  child?.kill('SIGKILL')
  process.exit(exitCode)
}
process.on('SIGTERM', onSignal(143))
process.on('SIGINT', onSignal(130))

const readInput = async (): Promise<Buffer> => {
  const chunks: Buffer[] = []
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

const isFirst = (start: string): boolean => {
  try {
    writeFileSync(join(folder, `answered-${encodeURIComponent(start)}`), '', { flag: 'wx' })
    return true
  } catch {
    return false
  }
}

const runScript = (script: string, config: string): Promise<number> =>
  new Promise((resolve) => {
    const env = { ...process.env, config, PATH: '/usr/bin:/bin' }
    child = spawn('/bin/sh', ['-c', script], { env, stdio: 'inherit' })
    child.on('exit', (code) => resolve(code ?? 137))
  })

const main = async (): Promise<void> => {
  const root = {
    usage: 'docker [OPTIONS] COMMAND [ARG...]',
    least: 1,
    most: 1,
    values: 'config',
    stops: true,
  }
  const { args: words, flags: whole } = parse(argv, 'docker', root)
  const config = whole.get('config') ?? join(process.env.HOME ?? '/', '.docker')
  const name = words.slice(0, words[0] === 'image' ? 2 : 1).join(' ')
  const command = commands[name]
  const env = Object.keys(process.env)
  record({ args: words, env, values: Object.values(process.env), config: configSeen(config) })
  if (command === undefined)
    return fail(`docker: unknown command: docker ${name}\n\nRun 'docker --help' for more information`)

  const { args, flags } = parse(words.slice(name.split(' ').length), `docker ${name}`, command)
  checkCount(args, `docker ${name}`, command)

  // A load ends at a signal while its input comes: the engine is asked all the while.
  reading = name === 'login'
  const stdin = command.input ? await readInput() : Buffer.alloc(0)
  reading = false
  const onInput = (text: string) => record({ stdin: text })
  if (command.input) onInput(stdin.toString('latin1'))
  if (signals > 0) process.exit(143)

  const line = words.join(' ')
  const scripted = Object.entries(answers).find(([start]) => line.startsWith(start))
  const answer = scripted?.[1].once && !isFirst(scripted[0]) ? undefined : scripted?.[1]
  const failed = answer?.script === undefined ? 0 : await runScript(answer.script, config)
  if (failed !== 0) process.exit(failed)
  const { stdout, stderr, exitCode } = answer ?? {}
  if (stdout !== undefined || stderr !== undefined || exitCode !== undefined) {
    process.stderr.write(stderr ?? '')
    process.stdout.write(stdout ?? '')
    process.exit(exitCode ?? 0)
  }
  process.stdout.write(await command.run({ folder, engine, config, args, flags, stdin, onInput }))
  process.exit()
}

main().catch((error: unknown) => {
  if (!(error instanceof EngineError)) throw error
  process.stdout.write(error.stdout)
  fail(error.message)
})
