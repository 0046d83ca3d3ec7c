import type { Outcomes } from './delivery.ts'
import { asPipeError, PipeError } from './errors.ts'
import { failureText } from './report/failure.ts'
import { createLog, type Log, seconds } from './report/log.ts'
import { report } from './report/outputs.ts'
import { clean, redactor, secretsOf } from './report/redact.ts'
import type { Environment } from './settings/environment.ts'
import { isDebug, readSettings } from './settings.ts'

interface Process {
  /** Writes to the step's log. */
  write: (text: string) => void
  /** Aborted with a {PipeError} when the step is stopped. */
  signal: AbortSignal
}

/** The pipe, from its environment to its exit code. */
export const pipe = async (env: Environment, { write, signal }: Process): Promise<number> => {
  const started = performance.now()
  const redact = redactor(secretsOf(env))
  const log = createLog({ write, redact, debug: isDebug(env), colours: !env.NO_COLOR })

  const { images, errors } = await attempt(async () => {
    const settings = readSettings(env)
    // Loaded only now: a wrong variable is reported without waiting for it.
    const { deliverAll } = await import('./delivery.ts')
    return deliverAll(settings, env, log, signal)
  })
  errors.push(...report(env, { images, error: errors[0] }, (text) => redact(clean(text)), log))

  logErrors(errors, log)
  const [first] = errors
  const delivered = images.filter((image) => image !== null).length
  const took = `(${seconds(performance.now() - started)})`
  if (first === undefined) log.success(`${count(delivered)} in the step's engine ${took}`)
  else if (images.length === 0) log.fail(`${first.code} ${took}`)
  else log.fail(`${first.code}: ${delivered} of ${count(images.length)} delivered ${took}`)
  return first?.exitCode ?? 0
}

/** What was delivered and what failed; nothing was delivered where all of it failed at once. */
const attempt = async (deliver: () => Promise<Outcomes>) => {
  try {
    const outcomes = await deliver()
    return {
      images: outcomes.map((outcome) => (outcome instanceof PipeError ? null : outcome)),
      errors: outcomes.filter((outcome) => outcome instanceof PipeError),
    }
  } catch (error) {
    return { images: [], errors: [asPipeError(error)] }
  }
}

const logErrors = (errors: readonly PipeError[], log: Log) => {
  // Several images may fail for one reason, such as a login that was refused.
  for (const text of new Set(errors.map(failureText))) log.error(text)
  for (const { cause } of errors) if (cause instanceof Error) log.debug(clean(cause.stack ?? cause.message))
}

const count = (images: number) => (images === 1 ? '1 image' : `${images} images`)
