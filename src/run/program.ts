import type { RunSettings } from '../settings/run.ts'

/** How long commands that were asked to end may take for it, in seconds. */
export const GRACE = 6

interface Input {
  commands: RunSettings['commands']
  environment: Readonly<Record<string, string>>
  cloneFolder: string
}

/**
 * What the shell in the container reads from its standard input: the environment and the commands, in the
 * language of every POSIX shell. Nothing of it is in an argument, in a file or in the engine's description of
 * the container, no length is too much, and the image needs nothing but the shell.
 *
 * It is one compound command, so that the shell has read all of it before the first part runs. From then on
 * standard input is empty for the commands; a process apart waits for the end of the real one, which comes
 * when the pipe asks for it or is no more, and then ends every process but the first, whose child the shell is.
 *
 * It is one line: what the shell says of line 3 is then line 3 of the user's script, or of an item of the user's list.
 */
export const programOf = (input: Input): string => `{ ${WATCH}; ${bodyOf(input)}\n}\n`

/**
 * The program without what guards it: the environment and the commands, up to the end of the shell. With `-x` the shell
 * writes down what it runs, values included: until the user's commands begin, that goes to nobody.
 */
export const bodyOf = ({ commands, environment, cloneFolder }: Input): string =>
  [
    'exec 2> /dev/null',
    'umask 000',
    NEWLINE,
    ...exports(environment),
    ...home(environment),
    git(cloneFolder),
    UNTIL,
    // Two streams would reach the log at different speeds.
    'exec 2>&1',
    script(commands),
    'exit',
  ].join('; ')

/**
 * The arguments of the first process of the container. It is no more than the parent of the shell: the first
 * process of a container ignores signals that it does not handle, and the user's shell should not.
 *
 * @param shell the words of `RUN_SHELL`; undefined: bash if the image has it, else `/bin/sh`
 */
export const commandOf = (shell: readonly string[] | undefined): string[] => {
  if (shell === undefined)
    return [
      '/bin/sh',
      '-c',
      'if command -v bash > /dev/null 2>&1; then bash -s; else /bin/sh -s; fi; exit $?',
      'sh',
    ]
  const [program = '', ...options] = shell
  const start = options.length === 0 ? '"$@"' : `${PROBE}; "$@" 2> /dev/null`
  return [program, '-c', `${start}; exit $?`, 'sh', ...shell, '-s']
}

// With `-v` a shell writes down what it reads, so what it writes before the commands begin goes to nobody. What it has
// to say of its options is asked for before.
const PROBE = 'said=$("$@" -c : 2>&1 < /dev/null) || { code=$?; printf "%s\\n" "$said" >&2; exit $code; }'

// Started twice removed: the shell's own `wait` and `jobs` must not know it.
const WATCH = [
  'exec 3<&0 < /dev/null',
  `( ( exec <&3 3<&- > /dev/null 2>&1; read -r _; kill -s TERM -- -1; sleep ${GRACE + 1}; kill -s KILL -- -1 ) & )`,
  'exec 3<&-',
].join('; ')

// Bash and dash end at a signal that is not handled without waiting for the command that is ending itself.
const UNTIL = "trap 'exit 143' TERM; set -e"

// What a line cannot hold. A substitution drops the newlines at its end.
const NEWLINE = 'packages_pull_newline=$(echo; echo x); packages_pull_newline=${packages_pull_newline%x}'

const exports = (environment: Input['environment']) =>
  Object.entries(environment).map(([name, value]) => `export ${name}=${quoted(value)}`)

const home = ({ HOME }: Input['environment']) =>
  HOME === undefined ? [] : ['[ -d "$HOME" ] || mkdir -p "$HOME" || :']

// The clone belongs to a user outside of the container, which git distrusts. Since 2.38 it takes the exception
// from the environment, which leaves no trace; before, only from a file.
const git = (cloneFolder: string) =>
  [
    'export "GIT_CONFIG_KEY_${GIT_CONFIG_COUNT:-0}=safe.directory"',
    'export "GIT_CONFIG_VALUE_${GIT_CONFIG_COUNT:-0}=*"',
    'export GIT_CONFIG_COUNT=$((${GIT_CONFIG_COUNT:-0} + 1))',
    `if [ -e ${quoted(`${cloneFolder}/.git`)} ] && command -v git && ! git -C ${quoted(cloneFolder)} rev-parse`,
    "then git config --system --add safe.directory '*' || git config --global --add safe.directory '*'",
    'fi > /dev/null 2>&1',
  ].join('; ')

// Each command by itself: one with an open quote must not swallow the next.
const script = (commands: Input['commands']) =>
  (typeof commands === 'string'
    ? [`eval ${quoted(commands)}`]
    : commands.flatMap((command) => [`printf '%s\\n' ${quoted(`+ ${command}`)}`, `eval ${quoted(command)}`])
  ).join('; ')

const quoted = (text: string) =>
  `'${text.replaceAll("'", "'\\''").replaceAll('\n', `'"$packages_pull_newline"'`)}'`
