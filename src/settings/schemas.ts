import * as z from 'zod/mini'
import { PlatformError, parsePlatform } from '../image/platform.ts'
import { expandReference, ReferenceSyntaxError } from '../image/reference.ts'

/** Any text. */
export const text = z.string()

/** `true` or `false`, in capitals or not; false by default. */
export const flag = z._default(
  z.pipe(
    text.check(z.toLowerCase(), z.regex(/^(true|false)$/, 'is neither true nor false')),
    z.transform((value) => value === 'true'),
  ),
  false,
)

const HOST =
  /^(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*|\[[0-9a-f:]+\])(?::\d{1,5})?$/

/** A host name, an IPv4 address or an IPv6 address in brackets, and a port if there is one; in lower case. */
export const host = text.check(z.toLowerCase(), z.regex(HOST, 'is not a host name'))

/** References by their grammar alone: what a short name stands for is known when all settings are. */
export const references = z.array(text).check(({ value, issues }) => {
  for (const image of value) {
    try {
      expandReference(image, { registry: 'registry.invalid', workspace: 'workspace' })
    } catch (error) {
      if (!(error instanceof ReferenceSyntaxError)) throw error
      issues.push({ code: 'custom', message: error.message, input: image })
    }
  }
})

/** `os/arch` or `os/arch/variant`. */
export const platform = z.pipe(
  text.check(({ value, issues }) => {
    try {
      parsePlatform(value)
    } catch (error) {
      if (!(error instanceof PlatformError)) throw error
      issues.push({ code: 'custom', message: error.message, input: value })
    }
  }),
  z.transform((value) => parsePlatform(value)),
)

const DURATION = /^(?:(\d{1,4})h)?(?:(\d{1,5})m)?(?:(\d{1,6})s)?$/

/** `1h30m`, in milliseconds: up to a day, and setTimeout, which bounds everything, counts no further than 24.8. */
export const duration = z.pipe(
  text.check(
    z.regex(DURATION, 'is not a duration'),
    z.refine((value) => isDuration(value), 'is out of range'),
  ),
  z.transform((value) => millisecondsOf(value)),
)

const millisecondsOf = (value: string) => {
  const [, hours = 0, minutes = 0, seconds = 0] = DURATION.exec(value) ?? []
  return ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000
}

const isDuration = (value: string) => millisecondsOf(value) > 0 && millisecondsOf(value) <= 24 * 3_600_000

/** A whole number from 1 to the most that makes sense. */
export const numberFrom1To = (most: number) =>
  z.pipe(
    text.check(
      z.regex(/^\d{1,9}$/, 'is not a whole number'),
      z.refine((value) => Number(value) >= 1 && Number(value) <= most, 'is out of range'),
    ),
    z.transform(Number),
  )
