import { PipeError } from '../errors.ts'
import { clean } from '../text.ts'
import { classifyDockerError } from './classify.ts'

/**
 * The failure of a docker command, in the catalogue's terms.
 *
 * @param args the command's arguments; they hold no secret
 * @param stderr what it wrote to standard error
 */
export const engineError = (args: readonly string[], stderr: string): PipeError => {
  const { code, said, retryAfter } = classifyDockerError(clean(stderr))
  return new PipeError(code, whatFailed(args), { said, retryAfter })
}

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
    case 'version':
      return 'The Docker engine could not be reached.'
    default:
      return `The command docker ${args.join(' ')} failed.`
  }
}
