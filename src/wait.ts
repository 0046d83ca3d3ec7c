// In milliseconds. Go writes the short names, people the long ones; the sign for micro has two code points.
const UNITS: Readonly<Record<string, number>> = {
  ...unit(86_400_000, 'd', 'day', 'days'),
  ...unit(3_600_000, 'h', 'hr', 'hrs', 'hour', 'hours'),
  ...unit(60_000, 'm', 'min', 'mins', 'minute', 'minutes'),
  ...unit(1000, 's', 'sec', 'secs', 'second', 'seconds'),
  ...unit(1, 'ms', 'millisecond', 'milliseconds'),
  ...unit(1e-3, 'us', 'µs', 'μs'),
  ...unit(1e-6, 'ns'),
}

function unit(milliseconds: number, ...names: string[]) {
  return Object.fromEntries(names.map((name) => [name, milliseconds]))
}

const longestFirst = Object.keys(UNITS).sort((a, b) => b.length - a.length)
// Bounded, so that no text makes the search begin again and again.
const NUMBER = '\\d{1,15}(?:\\.\\d{1,15})?'
const PART = `${NUMBER}\\s{0,9}(?:${longestFirst.join('|')})(?![a-zµμ])`
const LENGTH = `${PART}(?:(?:\\s{0,9}(?:,|and))?\\s{0,9}${PART}){0,9}`

const whole = new RegExp(`^(?:${LENGTH})$`, 'i')
const inProse = new RegExp(
  `\\b(?:retry[- ]after:?|(?:try|retry) again (?:in|after)|retry in)\\s{0,9}(${LENGTH}|${NUMBER}(?!\\d)(?![\\d.]{0,31}[ \\t]{0,9}[a-zµμ]))`,
  'i',
)

/**
 * Reads a wait as `Retry-After` has it, in milliseconds: seconds, or a date (RFC 9110, section 10.2.3); also a length
 * of time as servers written in Go print it (`985.86µs`, `1m30s`) or as people write it (`2 minutes`). Undefined for
 * anything else.
 *
 * @param now the time from which a date counts, in milliseconds since 1970
 */
export const readWait = (value: string, now: number): number | undefined => {
  if (/^\d+(?:\.\d+)?$/.test(value)) return finite(Number(value) * 1000)
  if (whole.test(value)) return lengthOf(value)
  const date = /^[A-Z][a-z]{2,8},? /.test(value) ? Date.parse(value) : Number.NaN
  return Number.isNaN(date) ? undefined : Math.max(0, date - now)
}

/**
 * The wait that a text asks for (`retry-after: 1m30s`, `try again in 5 minutes`), in milliseconds; undefined if it asks
 * for none.
 */
export const findWait = (text: string): number | undefined => {
  const stated = inProse.exec(text.slice(0, LONGEST))?.[1]
  if (stated === undefined) return undefined
  return /[a-zµμ]/i.test(stated) ? lengthOf(stated) : finite(Number(stated) * 1000)
}

// Whoever asks to wait says so early.
const LONGEST = 10_000

const lengthOf = (text: string): number | undefined => {
  const parts = [...text.matchAll(/(?<!\d)(\d+(?:\.\d+)?)\s*([a-zµμ]+)/gi)].map(
    ([, amount, name = '']) => Number(amount) * (UNITS[name.toLowerCase()] ?? Number.NaN),
  )
  return finite(parts.reduce((sum, part) => sum + part, 0))
}

const finite = (milliseconds: number): number | undefined =>
  Number.isFinite(milliseconds) ? milliseconds : undefined
