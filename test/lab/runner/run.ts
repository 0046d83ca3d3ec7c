import { type ScriptItem, type ScriptOptions, toBash } from './script.ts'
import { inStep, type Step } from './step.ts'

/** How a script ended. */
export interface Outcome {
  exitCode: number
  /** The log as Bitbucket shows it: secured values are masked. */
  log: string
  /** The log as it was written. */
  rawLog: string
  seconds: number
}

export interface RunOptions extends Omit<ScriptOptions, 'runtime'> {
  /** Called when the script starts, to act on the step while a pipe runs in it. */
  during?: (step: Step) => Promise<void>
  /** Called with each part of the masked log as it arrives. */
  onLog?: (text: string) => void
}

/** Runs a step's `script` in one shell, as Bitbucket does; ends at the first item that fails. */
export const runScript = async (
  step: Step,
  items: readonly ScriptItem[],
  options: RunOptions = {},
): Promise<Outcome> => {
  const script = await toBash(items, { ...options, runtime: step.options.runtime ?? 2 })
  const start = performance.now()
  const shell = inStep(step, ['bash', '-s'], { input: script, all: true, reject: false })
  let rawLog = ''
  let shown = ''
  shell.all.setEncoding('utf8').on('data', (text: string) => {
    rawLog += text
    // A secret may arrive in two parts, so only whole lines are shown.
    const lines = rawLog.slice(shown.length)
    const whole = lines.slice(0, lines.lastIndexOf('\n') + 1)
    shown += whole
    if (whole) options.onLog?.(masked(whole, step))
  })
  const [result] = await Promise.all([shell, options.during?.(step)])
  const seconds = (performance.now() - start) / 1000
  if (rawLog.length > shown.length) options.onLog?.(masked(rawLog.slice(shown.length), step))
  return { exitCode: result.exitCode ?? 255, log: masked(rawLog, step), rawLog, seconds }
}

// Raw and URL-encoded values are masked; base64 is not.
const masked = (text: string, step: Step): string => {
  let result = text
  for (const [name, value] of Object.entries(step.secrets)) {
    for (const form of [value, encodeURIComponent(value)]) result = result.replaceAll(form, `$${name}`)
  }
  return result
}
