import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'yaml'
import { project } from '../cache.ts'
import { buildFolder, sshFolder, storageFolder } from './layout.ts'

/** A `pipe:` entry of a script. */
export interface PipeItem {
  pipe: string
  name?: string
  variables?: Record<string, string | string[]>
}

/** An entry of a step's `script`. */
export type ScriptItem = string | PipeItem

/** What a `pipe.yml` says. */
export interface PipeDefinition {
  image: string
  variables?: { name: string; default?: string | string[] }[]
}

// The environment that the platform passes to a pipe, besides the variables of the pipe itself.
const passed = `CI BITBUCKET_BUILD_NUMBER BITBUCKET_BRANCH BITBUCKET_CLONE_DIR BITBUCKET_COMMIT
BITBUCKET_DOCKER_HOST_INTERNAL BITBUCKET_GIT_HTTP_ORIGIN BITBUCKET_GIT_SSH_ORIGIN BITBUCKET_PIPELINE_UUID
BITBUCKET_PIPELINES_VARIABLES_PATH BITBUCKET_PROJECT_KEY BITBUCKET_PROJECT_UUID BITBUCKET_REPO_FULL_NAME
BITBUCKET_REPO_IS_PRIVATE BITBUCKET_REPO_OWNER BITBUCKET_REPO_OWNER_UUID BITBUCKET_REPO_SLUG
BITBUCKET_REPO_UUID BITBUCKET_SSH_KEY_FILE BITBUCKET_STEP_RUN_NUMBER BITBUCKET_STEP_TRIGGERER_UUID
BITBUCKET_STEP_UUID BITBUCKET_WORKSPACE PIPELINES_JWT_TOKEN`.split(/\s+/)

/** The bash script that runs a step's `script`, each item shown before it runs. */
export const toBash = async (items: readonly ScriptItem[], options: ScriptOptions = {}): Promise<string> => {
  const lines = ['set -e', 'umask 000', `cd ${buildFolder}`]
  for (const item of items) {
    if (typeof item === 'string') {
      lines.push(shown(item), item)
    } else {
      const command = pipeCommand(item, await definitionOf(item.pipe, options), options)
      lines.push(shown(command), command)
    }
  }
  return `${lines.join('\n')}\n`
}

export interface ScriptOptions {
  runtime?: 2 | 3
  /** Definitions of other pipes than the project's own, by what `pipe:` says. */
  pipes?: Record<string, PipeDefinition>
  /** More options of `docker container run`, to arrange what no pipeline can; the shell reads them. */
  runOptions?: readonly string[]
  /** A command for the pipe's image, which Bitbucket never gives; the shell reads it. */
  arguments?: readonly string[]
}

/** The project's own `pipe.yml`. */
export const ownDefinition = async (): Promise<PipeDefinition> =>
  parse(await readFile(join(project, 'pipe.yml'), 'utf8'))

const definitionOf = async (pipe: string, options: ScriptOptions): Promise<PipeDefinition> => {
  const known = options.pipes?.[pipe]
  if (known) return known
  if (pipe.startsWith('docker://')) return { image: pipe.slice('docker://'.length) }
  if (/^[\w-]+\/packages-pull:[\w.]+$/.test(pipe)) return ownDefinition()
  throw new Error(`There is no pipe ${pipe} in the laboratory`)
}

// What the step's shell runs for a pipe in runtime v2; without the mount of the CLI in v3.
const pipeCommand = (item: PipeItem, definition: PipeDefinition, options: ScriptOptions): string => {
  const [account = '', slug = ''] = item.pipe.replace(/^docker:\/\//, '').split(/[/:]/)
  const own = `${storageFolder}/${account}/${slug}`
  const cli = options.runtime === 3 ? [] : ['--volume=/usr/local/bin/docker:/usr/local/bin/docker:ro']
  return [
    'docker container run',
    `--volume=${buildFolder}:${buildFolder}`,
    `--volume=${sshFolder}:${sshFolder}:ro`,
    ...cli,
    `--volume=${storageFolder}:${storageFolder}`,
    `--volume=${own}:${own}`,
    '--workdir=$(pwd)',
    '--label=org.bitbucket.pipelines.system=true',
    ...passed.map((name) => `--env=${name}="$${name}"`),
    `--env=BITBUCKET_PIPE_STORAGE_DIR="${own}"`,
    `--env=BITBUCKET_PIPE_SHARED_STORAGE_DIR="${storageFolder}"`,
    '--env=DOCKER_HOST="tcp://host.docker.internal:2375"',
    '--add-host="host.docker.internal:$BITBUCKET_DOCKER_HOST_INTERNAL"',
    ...variablesOf(item, definition).map(([name, value]) => `--env=${name}=${quoted(value)}`),
    ...(options.runOptions ?? []),
    [definition.image, ...(options.arguments ?? [])].join(' '),
  ].join(' \\\n  ')
}

const variablesOf = (item: PipeItem, definition: PipeDefinition): [string, string][] => {
  const defaults = (definition.variables ?? []).map(({ name, default: value }) => [name, value] as const)
  const values = new Map<string, string | string[] | undefined>(defaults)
  for (const [name, value] of Object.entries(item.variables ?? {})) values.set(name, value)
  return [...values].flatMap(([name, value]): [string, string][] => {
    if (value === undefined || value === null) return []
    if (typeof value === 'string') return [[name, value]]
    if (!Array.isArray(value))
      throw new Error(`${name}: a variable of a pipe is a string or a list of strings`)
    return [
      [`${name}_COUNT`, `${value.length}`],
      ...value.map((one, i): [string, string] => [`${name}_${i}`, one]),
    ]
  })
}

// The step's shell evaluates what stands in a value: $NAME, $(command), `command` and \. Only a quote is escaped.
const quoted = (value: string): string => `"${value.replaceAll('"', '\\"')}"`

const shown = (text: string): string => `printf '+ %s\\n' ${literal(text)}`
const literal = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`
