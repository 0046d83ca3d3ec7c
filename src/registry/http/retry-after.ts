import { type Answer, header } from './transport.ts'

/**
 * How long an answer asks to wait, in milliseconds: `Retry-After` as seconds or as a date (RFC 9110,
 * section 10.2.3), or as a length of time that servers written in Go print (`985.86µs`, `1m30s`), in the
 * field or in the text. Undefined where it says nothing that can be understood.
 */
export const retryAfter = (answer: Answer, now = Date.now()): number | undefined => {
  const field = header(answer, 'retry-after')
  const inText = /retry[- ]after:?\s*((?:\d+(?:\.\d+)?\s*(?:ns|us|µs|μs|ms|s|m|h)?\b\s*)+)/i.exec(
    answer.body.subarray(0, 4096).toString(),
  )?.[1]
  return parseWait(field, now) ?? parseWait(inText?.trim(), now)
}

/** The same for the bare value. */
export const parseWait = (value: string | undefined, now = Date.now()): number | undefined => {
  if (value === undefined) return undefined
  if (/^\d+(?:\.\d+)?$/.test(value)) return Number(value) * 1000
  const parts = [...value.replaceAll(' ', '').matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|μs|ms|s|m|h)/gy)]
  const length = parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * (units[unit ?? ''] ?? 0), 0)
  if (parts.length > 0) return length
  const date = /^[A-Z][a-z]{2,8},? /.test(value) ? Date.parse(value) : Number.NaN
  return Number.isNaN(date) ? undefined : Math.max(0, date - now)
}

// In milliseconds. The micro sign has two code points.
const units: Record<string, number> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
}
