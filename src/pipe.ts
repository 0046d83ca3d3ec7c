import type { Outcome } from './delivery.ts'
import { asPipeError, type PipeError } from './errors.ts'
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

  const outcome = await attempt(async () => {
    const settings = readSettings(env)
    // Loaded only now: a wrong variable is reported without waiting for them.
    const { checkAll, deliverAll, openTools } = await import('./work.ts')
    const tools = openTools(settings, env, log, signal)
    try {
      return await (settings.checkOnly ? checkAll(settings, tools) : deliverAll(settings, tools))
    } finally {
      await tools.close()
    }
  })
  const { images, summary } = outcome
  const errors = [...outcome.errors]
  errors.push(...report(env, { images, error: errors[0] }, (text) => redact(clean(text)), log))

  logErrors(errors, log)
  const [first] = errors
  const took = `(${seconds(performance.now() - started)})`
  if (first === undefined) log.success(`${summary} ${took}`)
  else log.fail(`${first.code}${summary === '' ? '' : `: ${summary}`} ${took}`)
  return first?.exitCode ?? 0
}

// Nothing was delivered where all of it failed at once.
const attempt = async (work: () => Promise<Outcome>): Promise<Outcome> =>
  work().catch((error: unknown) => ({ images: [], errors: [asPipeError(error)], summary: '' }))

const logErrors = (errors: readonly PipeError[], log: Log) => {
  // Several images may fail for one reason, such as a login that was refused.
  for (const text of new Set(errors.map(failureText))) log.error(text)
  for (const { cause } of errors) if (cause instanceof Error) log.debug(clean(cause.stack ?? cause.message))
}
