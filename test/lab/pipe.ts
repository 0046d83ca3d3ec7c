/** The project's own pipe, as `pipe:` names it. */
export const PIPE = 'your-account/packages-pull:1.0.0'

/** What the pipe itself wrote to a step's log: what comes after the platform's own command. */
export const pipeLog = (log: string): string => {
  const command = '/packages-pull:1.0.0\n'
  return log.slice(log.indexOf(command) + command.length)
}
