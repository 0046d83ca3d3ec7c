import type { Outcome } from './delivery.ts'
import { asPipeError, PipeError } from './errors.ts'
import { failureText } from './report/failure.ts'
import { createLog, type Log, seconds } from './report/log.ts'
import { type DeliveredImage, type Ran, report, reportRun } from './report/outputs.ts'
import { clean, redactor, secretsOf } from './report/redact.ts'
import type { Environment } from './settings/environment.ts'
import type { RunSettings } from './settings/run.ts'
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

  let run: RunSettings | undefined
  const outcome = await attempt(async () => {
    const settings = readSettings(env)
    run = settings.checkOnly ? undefined : settings.run
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
  const written = (text: string) => redact(clean(text))
  errors.push(...report(env, { images, error: errors[0] }, written, log))
  let ran: Ran | undefined
  if (run !== undefined && errors.length === 0) {
    const end = await runIn(images[0], run, { env, log, signal })
    if (end instanceof PipeError) errors.push(end)
    else ran = end
    errors.push(...reportRun(env, { images, error: errors[0], ran: ran ?? null }, written))
  }

  logErrors(errors, log)
  const [first] = errors
  const took = `(${seconds(performance.now() - started)})`
  const whole = ran === undefined ? summary : `${summary}, RUN ended with exit code ${ran.exitCode}`
  if (first !== undefined) log.fail(`${first.code}${whole === '' ? '' : `: ${whole}`} ${took}`)
  else if (ran !== undefined && ran.exitCode !== 0) log.fail(`${whole} ${took}`)
  else log.success(`${whole} ${took}`)
  return ran?.exitCode || (first?.exitCode ?? 0)
}

// Nothing was delivered where all of it failed at once.
const attempt = async (work: () => Promise<Outcome>): Promise<Outcome> =>
  work().catch((error: unknown) => ({ images: [], errors: [asPipeError(error)], summary: '' }))

const runIn = async (
  image: DeliveredImage | null | undefined,
  run: RunSettings,
  around: { env: Environment; log: Log; signal: AbortSignal },
): Promise<Ran | PipeError> => {
  const { runCommands } = await import('./work.ts')
  // Without an error every image is there.
  if (image == null) return new PipeError('PKG-INTERNAL', 'There is no image to run the commands in.')
  return runCommands(image, run, around).catch(asPipeError)
}

const logErrors = (errors: readonly PipeError[], log: Log) => {
  // Several images may fail for one reason, such as a login that was refused.
  for (const text of new Set(errors.map(failureText))) log.error(text)
  for (const { cause } of errors) if (cause instanceof Error) log.debug(clean(cause.stack ?? cause.message))
}
