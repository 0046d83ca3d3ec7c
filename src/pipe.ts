import type { Outcome } from './deliver.ts'
import type { DeliveredImage } from './delivered.ts'
import { asPipeError, PipeError } from './errors.ts'
import { failureText } from './report/failure.ts'
import { createLog, type Log } from './report/log.ts'
import { type Ran, report, reportRun } from './report/outputs.ts'
import type { Secrets } from './secrets.ts'
import { isDebug } from './settings/early.ts'
import type { Environment } from './settings/environment.ts'
import type { RunSettings } from './settings/run.ts'
import { secretsOf } from './settings/secrets.ts'
import { readSettings } from './settings/settings.ts'
import { clean } from './text.ts'
import { seconds } from './units.ts'

interface Process {
  /** Writes to the step's log. */
  write: (text: string) => void
  /** Aborted with a {PipeError} when the step is stopped. */
  signal: AbortSignal
}

/** What delivering or checking came to, and the commands that are to follow. */
interface Delivered extends Outcome {
  run?: RunSettings | undefined
}

/** The pipe, from its environment to its exit code. */
export const pipe = async (env: Environment, { write, signal }: Process): Promise<number> => {
  const started = performance.now()
  const secrets = secretsOf(env)
  const { mask } = secrets
  const log = createLog({ write, mask, debug: isDebug(env), colours: !env.NO_COLOR })
  const written = (text: string) => clean(mask(text))

  const { images, summary, run, ...outcome } = await attempt(() => deliver({ env, log, secrets, signal }))
  const errors = [...outcome.errors]
  errors.push(...report(env, { images, error: errors[0] }, written, log))

  let ran: Ran | undefined
  if (run !== undefined && errors.length === 0) {
    const ended = await runIn(images[0], run, { env, log, signal })
    if (ended instanceof PipeError) errors.push(ended)
    else ran = ended
    errors.push(...reportRun(env, { images, error: errors[0], ran: ran ?? null }, written))
  }

  logErrors(errors, log, mask)
  const [first] = errors
  const came = [summary, ran && `RUN ended with exit code ${ran.exitCode}`].filter(Boolean).join(', ')
  const exitCode = ran?.exitCode || (first?.exitCode ?? 0)
  const last = `${[first?.code, came].filter(Boolean).join(': ')} (${seconds(performance.now() - started)})`
  if (exitCode === 0) log.success(last)
  else log.fail(last)
  return exitCode
}

interface Around {
  env: Environment
  log: Log
  secrets: Secrets
  signal: AbortSignal
}

const deliver = async (around: Around): Promise<Delivered> => {
  const settings = readSettings(around.env)
  // Loaded only now: a wrong variable is reported without waiting for them.
  const { checkAll, deliverAll, openTools } = await import('./work.ts')
  const tools = openTools(settings, around)
  try {
    if (settings.checkOnly) return await checkAll(settings, tools)
    return { ...(await deliverAll(settings, tools)), run: settings.run }
  } finally {
    await tools.close()
  }
}

// Nothing was delivered where all of it failed at once.
const attempt = (work: () => Promise<Delivered>): Promise<Delivered> =>
  work().catch((error: unknown) => ({ images: [], errors: [asPipeError(error)], summary: '' }))

const runIn = async (
  image: DeliveredImage | null | undefined,
  run: RunSettings,
  around: Omit<Around, 'secrets'>,
): Promise<Ran | PipeError> => {
  const { runCommands } = await import('./work.ts')
  // Without an error every image is there.
  if (image == null) return new PipeError('PKG-INTERNAL', 'There is no image to run the commands in.')
  return runCommands(image, run, around).catch(asPipeError)
}

const logErrors = (errors: readonly PipeError[], log: Log, mask: Secrets['mask']) => {
  // Several images may fail for one reason, such as a login that was refused.
  for (const text of new Set(errors.map((error) => failureText(error, mask)))) log.error(text)
  for (const { cause } of errors) if (cause instanceof Error) log.debug(cause.stack ?? cause.message)
}
