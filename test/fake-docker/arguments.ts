/** What a command takes. */
export interface Usage {
  /** As `--help` prints it. */
  usage: string
  /** How many arguments there are to be. */
  least: number
  most: number
  /** The options without a value, and with one. A command refuses what is not here: add it when you do it. */
  flags?: string
  values?: string
  /** Everything after the first argument is an argument too. */
  stops?: boolean
}

interface Parsed {
  args: string[]
  flags: Map<string, string>
}

/** Ends the process with what it has to say. */
export const fail = (said: string, exitCode = 1): never => {
  process.stderr.write(`${said}\n`)
  process.exit(exitCode)
}

const misused = (said: string, name: string, usage: string, exitCode: number): never =>
  fail(`${said}\n\nUsage:  ${usage}\n\nRun '${name} --help' for more information`, exitCode)

/** Splits a list of arguments as the CLI does: `--name`, `--name value` and `--name=value`. */
export const parse = (list: readonly string[], name: string, command: Usage): Parsed => {
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

/** Ends the process where a command has too few or too many arguments. */
export const checkCount = (args: readonly string[], name: string, { usage, least, most }: Usage): void => {
  if (args.length >= least && args.length <= most) return
  const bound = least === most ? '' : args.length < least ? 'at least ' : 'at most '
  const many = args.length < least ? least : most
  const wants =
    most === 0 ? 'accepts no arguments' : `requires ${bound}${many} argument${many === 1 ? '' : 's'}`
  misused(`docker: '${name}' ${wants}`, name, usage, 1)
}
