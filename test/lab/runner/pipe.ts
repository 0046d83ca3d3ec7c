import manifest from '../../../package.json' with { type: 'json' }

const { config, name, version } = manifest

/** The project's own pipe, as `pipe:` names it. */
export const PIPE = `${config.account}/${name}:${version}`

/** The end of the platform's own command for the pipe, as a step's log shows it: the pipe's image. */
export const commandEnd = `${config.image}:${version}\n`

/** What the pipe itself wrote to a step's log: what comes after the platform's own command. */
export const pipeLog = (log: string): string => log.slice(log.indexOf(commandEnd) + commandEnd.length)
