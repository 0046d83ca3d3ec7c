import { inspect } from 'node:util'
import type { Outcome } from './deliver.ts'
import type { DeliveredImage } from './delivered.ts'
import { asPipeError, PipeError } from './errors.ts'
import { USER_AGENT } from './identity.ts'
import { failureText } from './report/failure.ts'
import { createLog, type Log } from './report/log.ts'
import { type Ran, report, reportResult } from './report/outputs.ts'
import type { Secrets } from './secrets.ts'
import { isDebug } from './settings/early.ts'
import type { Environment } from './settings/environment.ts'
import type { RunSettings } from './settings/run.ts'
import { secretsOf } from './settings/secrets.ts'
import { readSettings, type Settings } from './settings/settings.ts'
import { seconds } from './units.ts'

interface Process {
  /** Writes to the step's log. */
  write: (text: string) => void
  /** Aborted with a {PipeError} when the step is stopped. */
  signal: AbortSignal
}

interface Around {
  env: Environment
  log: Log
  secrets: Secrets
  signal: AbortSignal
}

/** The outcome of delivering or checking, and the commands to run next. */
interface Delivered extends Outcome {
  /** Whether nothing was to be delivered (CHECK_ONLY). */
  checked?: boolean
  run?: RunSettings | undefined
}

/** The pipe, from its environment to its exit code. */
export const pipe = async (env: Environment, { write, signal }: Process): Promise<number> => {
  const started = performance.now()
  const secrets = secretsOf(env)
  const { mask } = secrets
  const log = createLog({ write, mask, debug: isDebug(env), colours: !env.NO_COLOR })
  const around = { env, log, mask }
  log.info(USER_AGENT.replace('/', ' '))

  const { images, summary, run, checked, ...outcome } = await deliver({ env, log, secrets, signal })
  const errors = [...outcome.errors]
  errors.push(...(checked ? reportResult : report)({ images, error: errors[0] }, around))

  let ran: Ran | undefined
  if (run !== undefined && errors.length === 0) {
    const ended = await runIn(images[0], run, { env, log, signal })
    if (ended instanceof PipeError) errors.push(ended)
    else ran = ended
    errors.push(...reportResult({ images, error: errors[0], ran: ran ?? null }, around))
    // The last output of the commands may lack a line end.
    write('\n')
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

const deliver = async (around: Around): Promise<Delivered> => {
  let settings: Settings | undefined
  try {
    settings = readSettings(around.env)
    for (const warning of settings.warnings) around.log.warning(warning)
    return await deliverBy(settings, around)
  } catch (error) {
    // After an error of the whole run, no image counts as delivered.
    const images = settings?.images.map(() => null) ?? []
    return { images, errors: [asPipeError(error)], summary: '', checked: settings?.checkOnly ?? false }
  }
}

const deliverBy = async (settings: Settings, around: Around): Promise<Delivered> => {
  // Loaded only now, so that a wrong variable is reported without waiting for the large libraries.
  const { checkAll, deliverAll, openTools } = await import('./work.ts')
  const tools = openTools(settings, around)
  try {
    if (settings.checkOnly) return { ...(await checkAll(settings, tools)), checked: true }
    return { ...(await deliverAll(settings, tools)), run: settings.run }
  } finally {
    await tools.close()
  }
}

const runIn = async (
  image: DeliveredImage | null | undefined,
  run: RunSettings,
  around: Omit<Around, 'secrets'>,
): Promise<Ran | PipeError> => {
  const { runCommands } = await import('./work.ts')
  // Cannot happen: without an error every image is there.
  if (image == null) return new PipeError('PKG-INTERNAL', 'There is no image to run the commands in.')
  return runCommands(image, run, around).catch(asPipeError)
}

const logErrors = (errors: readonly PipeError[], log: Log, mask: Secrets['mask']) => {
  // Several images may fail for one reason, such as a login that was refused.
  for (const text of new Set(errors.map((error) => failureText(error, mask)))) log.error(text)
  for (const { cause } of errors) if (cause !== undefined) log.debug(inspect(cause))
}
