import { PipeError } from '../errors.ts'
import { words } from './classes.ts'
import { classifyDockerError } from './classify.ts'

/**
 * The failure of a docker command, in the catalogue's terms.
 *
 * @param args the command's arguments; they hold no secret
 * @param stderr what it wrote to standard error
 */
export const engineError = (args: readonly string[], stderr: string): PipeError => {
  const { class: found, code, said, retryAfter } = classifyDockerError(stderr, args[0])
  const message = found === 'engine-unreachable' ? NO_ENGINE : whatFailed(args)
  return new PipeError(code, message, { said, retryAfter, ...words[found] })
}

// It does not matter which command was the first to find no engine.
const NO_ENGINE = 'No Docker engine answers: the step needs "services: [docker]".'

const whatFailed = (args: readonly string[]) => {
  const subject = args.at(-1)
  switch (args[0]) {
    case 'login':
      return `Signing in to ${subject} failed.`
    case 'pull':
      return `${subject} could not be pulled.`
    case 'load':
      return 'The images could not be loaded into the engine.'
    case 'create':
      return 'The container for RUN could not be made.'
    case 'start':
      return 'The container for RUN could not be started.'
    case 'tag':
      return `The image could not be given the name ${subject}.`
    default:
      return `The command docker ${args.join(' ')} failed.`
  }
}
