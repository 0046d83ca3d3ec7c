import { deliver } from './deliver.ts'
import { createDockerConfigs, type DockerConfigs } from './engine/config.ts'
import type { Docker } from './engine/docker.ts'
import { login, logout } from './engine/login.ts'
import { asPipeError, PipeError } from './errors.ts'
import { mapConcurrently } from './map-concurrently.ts'
import { failureText } from './report/failure.ts'
import { createLog, type Log, seconds } from './report/log.ts'
import { type DeliveredImage, report } from './report/outputs.ts'
import { clean, redactor, secretsOf } from './report/redact.ts'
import type { Environment } from './settings/environment.ts'
import { isDebug, readSettings, type Settings } from './settings.ts'

interface Process {
  /** Writes to the step's log. */
  write: (text: string) => void
  /** Aborted with a {PipeError} when the step is stopped. */
  signal: AbortSignal
}

/** What became of each image, in the order in which they were asked for. */
type Outcomes = ReadonlyArray<DeliveredImage | PipeError>

// More at a time gains nothing: the engine itself downloads three layers at a time.
const CONCURRENCY = 3

/** The pipe, from its environment to its exit code. */
export const pipe = async (env: Environment, { write, signal }: Process): Promise<number> => {
  const started = performance.now()
  const redact = redactor(secretsOf(env))
  const log = createLog({ write, redact, debug: isDebug(env), colours: !env.NO_COLOR })

  const { images, errors } = await attempt(() => run(env, log, signal))
  errors.push(...report(env, { images, error: errors[0] }, (text) => redact(clean(text)), log))

  for (const error of errors) log.error(failureText(error))
  for (const { cause } of errors) if (cause instanceof Error) log.debug(clean(cause.stack ?? cause.message))
  const [first] = errors
  const delivered = images.filter((image) => image !== null).length
  const took = `(${seconds(performance.now() - started)})`
  if (first === undefined) log.success(`${count(delivered)} in the step's engine ${took}`)
  else if (images.length === 0) log.fail(`${first.code} ${took}`)
  else log.fail(`${first.code}: ${delivered} of ${count(images.length)} delivered ${took}`)
  return first?.exitCode ?? 0
}

/** What was delivered and what failed; nothing was delivered where all of it failed at once. */
const attempt = async (deliverImages: () => Promise<Outcomes>) => {
  try {
    const outcomes = await deliverImages()
    return {
      images: outcomes.map((outcome) => (outcome instanceof PipeError ? null : outcome)),
      errors: outcomes.filter((outcome) => outcome instanceof PipeError),
    }
  } catch (error) {
    return { images: [], errors: [asPipeError(error)] }
  }
}

const run = async (env: Environment, log: Log, signal: AbortSignal): Promise<Outcomes> => {
  const settings = readSettings(env)
  // Loaded only now: a wrong variable is reported without waiting for it.
  const { createDocker } = await import('./engine/docker.ts')
  const docker = createDocker({
    env,
    signal,
    onCommand: (args, exitCode, milliseconds) =>
      log.debug(
        `docker ${args.join(' ')} · exit ${exitCode ?? 'by signal'} · ${Math.round(milliseconds)} ms`,
      ),
  })
  const configs = createDockerConfigs()
  process.once('exit', configs.removeAll)
  try {
    return await deliverAll(settings, { docker, configs, log, signal })
  } finally {
    configs.removeAll()
    process.off('exit', configs.removeAll)
  }
}

interface Tools {
  docker: Docker
  configs: DockerConfigs
  log: Log
  signal: AbortSignal
}

const deliverAll = async (settings: Settings, { docker, configs, log, signal }: Tools): Promise<Outcomes> => {
  const { registry, builtIn, images } = settings
  const isPrivate = ({ domain }: { domain: string }) => domain === registry
  const signedIn =
    builtIn !== undefined && images.some(isPrivate)
      ? await timed(
          log,
          () => login(docker, configs, registry, builtIn),
          `Signed in to ${registry} with the step's own credentials`,
        )
      : undefined
  // Images of other registries are pulled as anyone may: with a config that holds no login.
  const anonymous = configs.create(registry)

  const outcomes = await mapConcurrently(images, CONCURRENCY, (image) => {
    const access = isPrivate(image) && signedIn !== undefined ? signedIn : anonymous
    return deliver(docker, image, {
      config: access,
      credential: access === signedIn ? 'built-in' : null,
      log,
    }).catch(asPipeError)
  })
  signal.throwIfAborted()
  if (signedIn !== undefined) await logout(docker, signedIn, registry)
  return outcomes
}

const timed = async <T>(log: Log, operation: () => Promise<T>, message: string): Promise<T> => {
  const started = performance.now()
  const result = await operation()
  log.info(`${message} (${seconds(performance.now() - started)})`)
  return result
}

const count = (images: number) => (images === 1 ? '1 image' : `${images} images`)
