import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fail } from './arguments.ts'
import type { FakeEngine } from './images.ts'
import { signIn } from './pull.ts'

const fileOf = (config: string) => join(config, 'config.json')

interface Config {
  auths?: Record<string, { auth?: string; registrytoken?: string }>
}

/** The docker config of a folder; without one, an empty one. */
export const configured = (config: string): Config => {
  try {
    return JSON.parse(readFileSync(fileOf(config), 'utf8'))
  } catch {
    return {}
  }
}

/** The docker config of a folder for the record. */
export const configSeen = (config: string) => {
  try {
    const mode = (statSync(fileOf(config)).mode & 0o777).toString(8)
    return { folder: config, text: readFileSync(fileOf(config), 'utf8'), mode }
  } catch {
    return { folder: config, text: '', mode: '' }
  }
}

interface Login {
  engine: FakeEngine
  config: string
  server: string
  flags: Map<string, string>
  stdin: Buffer
}

/** `docker login` with what it read. */
export const login = async ({ engine, config, server, flags, stdin }: Login): Promise<string> => {
  const username = flags.get('username')
  const secret = stdin.toString().replace(/\r?\n$/, '')
  if (flags.has('password-stdin') && username === undefined)
    fail('the --password-stdin option requires --username to be set')
  if (secret === '') fail('Error: Cannot perform an interactive login from a non TTY device')
  const auth = Buffer.from(`${username}:${secret}`).toString('base64')
  await signIn(engine, server, auth)
  // The CLI makes the folder if it is gone, and replaces the file.
  mkdirSync(config, { recursive: true, mode: 0o700 })
  const now = configured(config)
  const next = { ...now, auths: { ...now.auths, [server]: { auth } } }
  writeFileSync(`${fileOf(config)}1`, JSON.stringify(next, undefined, '\t'), { mode: 0o600 })
  renameSync(`${fileOf(config)}1`, fileOf(config))
  process.stderr.write(`\nWARNING! Your credentials are stored unencrypted in '${fileOf(config)}'.
Configure a credential helper to remove this warning. See
https://docs.docker.com/go/credential-store/\n\n`)
  return 'Login Succeeded\n'
}
