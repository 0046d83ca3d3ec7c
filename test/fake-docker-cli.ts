// The program behind `fakeDocker`. It starts for every docker command of every test, so it loads little.
import { spawn } from 'node:child_process'
import { appendFileSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Script } from './fake-docker.ts'
import {
  attach,
  create,
  describe,
  EngineError,
  listImages,
  load,
  pull,
  remove,
  signIn,
  start,
  tag,
} from './fake-docker-engine.ts'

interface Command {
  /** As `--help` prints it. */
  usage: string
  /** How many arguments it takes. */
  least: number
  most: number
  /** Its options without a value, and with one. A command refuses what is not here, so add it when you do it. */
  flags?: string
  values?: string
  /** Everything after the first argument is an argument too. */
  stops?: boolean
  /** The first input is read before anything else happens. */
  input?: boolean
  run: (given: Given) => string | Promise<string>
}

interface Given {
  args: string[]
  flags: Map<string, string>
  stdin: Buffer
}

const VERSION = '28.2.2'
const FORMAT = 'format'
const MANY = Number.POSITIVE_INFINITY

const [folder = '', ...argv] = process.argv.slice(2)
const { answers, engine } = JSON.parse(readFileSync(join(folder, 'script.json'), 'utf8')) as Script
let config = ''

const COMMANDS: Record<string, Command> = {
  version: {
    usage: 'docker version [OPTIONS]',
    ...{ least: 0, most: 0, values: FORMAT },
    run: ({ flags }) => {
      const [Os, Arch] = engine.platform.split('/')
      const Server = { Platform: { Name: '' }, Version: '25.0.5', ApiVersion: '1.44', Os, Arch }
      const Client = { Version: VERSION, ApiVersion: '1.44', DefaultAPIVersion: '1.50', Os: 'linux' }
      return formatted({ Client, Server }, flags, 'system.versionInfo', 'version')
    },
  },
  info: {
    usage: 'docker info [OPTIONS]',
    ...{ least: 0, most: 0, values: FORMAT },
    run: ({ flags }) => {
      const DriverStatus = engine.containerd
        ? [['driver-type', 'io.containerd.snapshotter.v1']]
        : [['Backing Filesystem', 'extfs']]
      return formatted({ Driver: 'overlay2', DriverStatus }, flags, 'system.dockerInfo')
    },
  },
  login: {
    usage: 'docker login [OPTIONS] [SERVER]',
    ...{ least: 0, most: 1, flags: 'password-stdin', values: 'username', input: true },
    run: ({ args: [server = ''], flags, stdin }) => signInTo(server, flags, stdin),
  },
  pull: {
    usage: 'docker pull [OPTIONS] NAME[:TAG|@DIGEST]',
    ...{ least: 1, most: 1, flags: 'quiet' },
    run: async ({ args: [reference = ''], flags }) => {
      const lines = await pull(folder, reference, engine, configured().auths ?? {})
      return flags.has('quiet') ? `${reference}\n` : lines
    },
  },
  tag: {
    usage: 'docker tag SOURCE_IMAGE[:TAG] TARGET_IMAGE[:TAG]',
    ...{ least: 2, most: 2 },
    run: ({ args: [source = '', target = ''] }) => tag(folder, source, target),
  },
  load: {
    usage: 'docker load [OPTIONS]',
    ...{ least: 0, most: 0, flags: 'quiet', input: true },
    run: ({ stdin }) => load(folder, stdin, engine),
  },
  'image ls': {
    usage: 'docker image ls [OPTIONS] [REPOSITORY[:TAG]]',
    ...{ least: 0, most: 0, flags: 'no-trunc digests', values: FORMAT },
    run: ({ flags }) => {
      const rows = listImages(folder).map((row) => ({
        ...row,
        ID: flags.has('no-trunc') ? row.ID : row.ID.slice(7, 19),
        Digest: flags.has('digests') || flags.get(FORMAT)?.includes('.Digest') ? row.Digest : '<none>',
      }))
      const lines = rows.map((row) => formatted(row, flags, '*formatter.imageContext'))
      return (flags.has(FORMAT) ? '' : 'REPOSITORY   TAG   IMAGE ID   CREATED   SIZE\n') + lines.join('')
    },
  },
  'image inspect': {
    usage: 'docker image inspect [OPTIONS] IMAGE [IMAGE...]',
    ...{ least: 1, most: MANY, values: FORMAT },
    run: ({ args, flags }) => {
      const images = args.map((reference) => describe(folder, reference))
      return flags.has(FORMAT)
        ? images.map((image) => formatted(image, flags, undefined)).join('')
        : `${JSON.stringify(images, undefined, 4)}\n`
    },
  },
  create: {
    usage: 'docker create [OPTIONS] IMAGE [COMMAND] [ARG...]',
    ...{ least: 1, most: MANY, stops: true },
    flags: 'init interactive no-healthcheck privileged publish-all quiet read-only rm tty',
    values:
      'add-host cap-add cap-drop cgroup-parent cpus dns entrypoint env env-file expose group-add hostname ip ipc label link log-driver log-opt memory memory-reservation memory-swap name network network-alias pid pids-limit platform publish pull restart shm-size stop-signal stop-timeout tmpfs ulimit user volume volumes-from workdir',
    run: ({ args: [image = ''], flags }) => create(folder, image, flags),
  },
  start: {
    usage: 'docker start [OPTIONS] CONTAINER [CONTAINER...]',
    ...{ least: 1, most: MANY },
    run: ({ args }) => args.map((name) => start(folder, name)).join(''),
  },
  attach: {
    usage: 'docker attach [OPTIONS] CONTAINER',
    ...{ least: 1, most: 1, flags: 'sig-proxy no-stdin' },
    run: async ({ args: [name = ''] }) => {
      record({ stdin: await attach(folder, name) })
      return ''
    },
  },
  rm: {
    usage: 'docker rm [OPTIONS] CONTAINER [CONTAINER...]',
    ...{ least: 1, most: MANY, flags: 'force volumes' },
    run: ({ args, flags }) =>
      args
        .map((name) => {
          if (remove(folder, name, flags.has('force'))) return `${name}\n`
          process.stderr.write(`Error response from daemon: No such container: ${name}\n`)
          return ''
        })
        .join(''),
  },
}

/** Ends the process with what it has to say. */
const fail = (said: string, exitCode = 1): never => {
  process.stderr.write(`${said}\n`)
  process.exit(exitCode)
}

const misused = (said: string, name: string, usage: string, exitCode: number): never =>
  fail(`${said}\n\nUsage:  ${usage}\n\nRun '${name} --help' for more information`, exitCode)

/** Splits a list of arguments as the CLI does: `--name`, `--name value` and `--name=value`. */
const parse = (list: string[], name: string, command: Omit<Command, 'run'>): Omit<Given, 'stdin'> => {
  const [boolean, valued] = [command.flags, command.values].map((names) => names?.split(' ') ?? [])
  const args: string[] = []
  const flags = new Map<string, string>()
  const refuse = (said: string) => misused(said, name, command.usage, 125)
  for (let index = 0; index < list.length; index++) {
    const word = list[index] ?? ''
    if (word === '--' || (command.stops && !word.startsWith('-'))) {
      args.push(...list.slice(word === '--' ? index + 1 : index))
      break
    }
    const [, flag = '', value] = /^--([^=]+)(?:=(.*))?$/s.exec(word) ?? []
    if (!word.startsWith('-') || word === '-') args.push(word)
    else if (flag === '') refuse(`unknown shorthand flag: '${word[1]}' in ${word}`)
    else if (boolean?.includes(flag)) {
      if (value !== 'false') flags.set(flag, value ?? 'true')
    } else if (!valued?.includes(flag)) refuse(`unknown flag: --${flag}`)
    else if (value !== undefined) flags.set(flag, value)
    else if (index + 1 < list.length) flags.set(flag, list[++index] ?? '')
    else refuse(`flag needs an argument: --${flag}`)
  }
  return { args, flags }
}

// The part of Go's templates that a pipe could want: `{{.A.B}}` and `{{json .A}}`, `{{json .}}`.
const formatted = (
  value: object,
  flags: Map<string, string>,
  type: string | undefined,
  name = '',
): string => {
  const format = flags.get(FORMAT)
  if (format === undefined) return `${Object.values(value).join('   ')}\n`
  const prefix = name === '' ? 'template parsing error: ' : ''
  const text = format.replaceAll(/\{\{(.*?)\}\}/g, (_, action: string) => {
    const [, json, path] = /^\s*(json )?\s*\.([\w.]*)\s*$/.exec(action) ?? []
    if (path === undefined) return fail(`${prefix}template: ${name}:1: function not defined: ${action}`)
    let found: unknown = value
    for (const key of path.split('.').filter(Boolean)) {
      if (typeof found !== 'object' || found === null || !(key in found)) {
        const why =
          type === undefined
            ? `map has no entry for key "${key}"`
            : `can't evaluate field ${key} in type ${type}`
        process.stdout.write('\n')
        return fail(`${prefix}template: ${name}:1:7: executing "${name}" at <.${key}>: ${why}`)
      }
      found = (found as Record<string, unknown>)[key]
    }
    return json === undefined ? String(found) : JSON.stringify(found)
  })
  if (text.includes('{{')) fail(`${prefix}template: ${name}:1: unclosed action`)
  return `${text}\n`
}

const configFile = () => join(config, 'config.json')

const configured = (): { auths?: Record<string, { auth?: string }> } => {
  try {
    return JSON.parse(readFileSync(configFile(), 'utf8'))
  } catch {
    return {}
  }
}

const signInTo = async (server: string, flags: Map<string, string>, stdin: Buffer): Promise<string> => {
  const username = flags.get('username')
  const secret = stdin.toString().replace(/\r?\n$/, '')
  if (flags.has('password-stdin') && username === undefined)
    fail('the --password-stdin option requires --username to be set')
  if (secret === '') fail('Error: Cannot perform an interactive login from a non TTY device')
  const auth = Buffer.from(`${username}:${secret}`).toString('base64')
  await signIn(engine, server, auth)
  // The CLI makes the folder if it is gone, and replaces the file.
  mkdirSync(config, { recursive: true, mode: 0o700 })
  const now = configured()
  const next = { ...now, auths: { ...now.auths, [server]: { auth } } }
  writeFileSync(`${configFile()}1`, JSON.stringify(next, undefined, '\t'), { mode: 0o600 })
  renameSync(`${configFile()}1`, configFile())
  process.stderr.write(`\nWARNING! Your credentials are stored unencrypted in '${configFile()}'.
Configure a credential helper to remove this warning. See
https://docs.docker.com/go/credential-store/\n\n`)
  return 'Login Succeeded\n'
}

const record = (line: object) =>
  appendFileSync(join(folder, 'calls'), `${JSON.stringify({ pid: process.pid, ...line })}\n`)

const configSeen = () => {
  try {
    const mode = (statSync(configFile()).mode & 0o777).toString(8)
    return { folder: config, text: readFileSync(configFile(), 'utf8'), mode }
  } catch {
    return { folder: config, text: '', mode: '' }
  }
}

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

const runScript = (script: string): Promise<number> =>
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
  config = whole.get('config') ?? join(process.env.HOME ?? '/', '.docker')
  const name = words.slice(0, words[0] === 'image' ? 2 : 1).join(' ')
  const command = COMMANDS[name]
  record({ args: words, env: Object.keys(process.env), config: configSeen() })
  if (command === undefined)
    return fail(`docker: unknown command: docker ${name}\n\nRun 'docker --help' for more information`)

  const { args, flags } = parse(words.slice(name.split(' ').length), `docker ${name}`, command)
  if (args.length < command.least || args.length > command.most) {
    const { least, most } = command
    const bound = least === most ? '' : args.length < least ? 'at least ' : 'at most '
    const many = args.length < least ? least : most
    const wants =
      most === 0 ? 'accepts no arguments' : `requires ${bound}${many} argument${many === 1 ? '' : 's'}`
    misused(`docker: 'docker ${name}' ${wants}`, `docker ${name}`, command.usage, 1)
  }

  // A load ends at a signal while its input comes: the engine is asked all the while.
  reading = name === 'login'
  const stdin = command.input ? await readInput() : Buffer.alloc(0)
  reading = false
  if (command.input) record({ stdin: stdin.toString('latin1') })
  if (signals > 0) process.exit(143)

  const line = words.join(' ')
  const answer = Object.entries(answers).find(([start]) => line.startsWith(start))?.[1]
  const failed = answer?.script === undefined ? 0 : await runScript(answer.script)
  if (failed !== 0) process.exit(failed)
  const { stdout, stderr, exitCode } = answer ?? {}
  if (stdout !== undefined || stderr !== undefined || exitCode !== undefined) {
    process.stderr.write(stderr ?? '')
    process.stdout.write(stdout ?? '')
    process.exit(exitCode ?? 0)
  }
  process.stdout.write(await command.run({ args, flags, stdin }))
  process.exit()
}

main().catch((error: unknown) => {
  if (!(error instanceof EngineError)) throw error
  process.stdout.write(error.stdout)
  fail(error.message)
})
