import * as z from 'zod/mini'
import { hubDomain } from '../image/docker-hub.ts'
import { hostFault } from '../image/host.ts'
import { parsePlatform } from '../image/platform.ts'
import { platformFault } from '../image/platform-fault.ts'
import { isHost } from '../image/reference.ts'

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
  /^(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*|\[[0-9a-f:]+\])(?::\d+)?$/

/** When the registry is asked: for every image, only for those that neither engine nor store has, or never. */
export const pullPolicy = z.pipe(
  text.check(z.toLowerCase()),
  z.enum(['always', 'missing', 'never'], 'is not a policy'),
)

/** A host name, an IPv4 address or an IPv6 address in brackets, and a port if there is one; in lower case. */
export const host = text.check(
  z.toLowerCase(),
  z.regex(HOST, { error: 'is not a host name', abort: true }),
  ({ value, issues }) => {
    const fault = hostFault(value)
    if (fault !== undefined) issues.push({ code: 'custom', message: fault, input: value })
  },
)

/** A host that the names of images can begin with; any other would be read as the first part of a path. */
export const registry = z.pipe(
  host.check(z.refine(isHost, 'is not a host name of a registry, which has a "." or a port')),
  z.transform(hubDomain),
)

/** `os/arch` or `os/arch/variant`, of those that images are built for. */
export const platform = z.pipe(
  text.check(({ value, issues }) => {
    const fault = platformFault(value)
    if (fault !== undefined) issues.push({ code: 'custom', message: fault, input: value })
  }),
  z.transform((value) => parsePlatform(value)),
)

const DURATION = /^(?:(\d{1,4})h)?(?:(\d{1,5})m)?(?:(\d{1,6})s)?$/

/** `1h30m`, in milliseconds: up to a day. The timers that bound everything count no further than 24.8 days. */
export const duration = z.pipe(
  text.check(
    z.regex(DURATION, { error: 'is not a duration', abort: true }),
    z.refine((value) => isDuration(value), 'is out of range'),
  ),
  z.transform((value) => millisecondsOf(value)),
)

const millisecondsOf = (value: string) => {
  const [, hours = 0, minutes = 0, seconds = 0] = DURATION.exec(value) ?? []
  return ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000
}

const isDuration = (value: string) => millisecondsOf(value) > 0 && millisecondsOf(value) <= 24 * 3_600_000

/** A whole number from 1 to `most`. */
export const numberFrom1To = (most: number) =>
  z.pipe(
    text.check(
      z.regex(/^\d{1,9}$/, { error: 'is not a whole number', abort: true }),
      z.refine((value) => Number(value) >= 1 && Number(value) <= most, 'is out of range'),
    ),
    z.transform(Number),
  )
