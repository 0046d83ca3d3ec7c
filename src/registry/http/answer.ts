import { type Code, PipeError } from '../../errors.ts'
import { retryAfter } from './retry-after.ts'
import { errorsOf, isPage, said } from './said.ts'
import type { Answer, Subject } from './transport.ts'
import { limitIn, saysNoPackage } from './words.ts'

/**
 * The failure of an answer that asks to come back; only these are tried again. Its words count more than its status:
 * registries and the gateways before them send a rate limit as 403 and an outage as 400, and as 429 also a quota and a
 * lockout, which do not pass. Undefined for any other answer.
 */
export const transientFault = (answer: Answer, subject: Subject): PipeError | undefined => {
  const { status, url } = answer
  if (status < 400) return undefined
  const codes = errorsOf(answer).map(({ code }) => code.toUpperCase())
  // A 401 is about the credential, which is not to be shown again and again.
  if (status === 401) return undefined
  const refuses = [400, 403].includes(status) && !isPage(answer) && answer.trusted
  const limit = status === 429 || refuses ? limitIn(said(answer), subject.name) : undefined
  const limited = status === 429 || codes.includes('TOOMANYREQUESTS') || limit === 'PKG-RATE-LIMIT'
  const wait = { said: said(answer), retryAfter: retryAfter(answer) }
  if (limited && (limit === undefined || limit === 'PKG-RATE-LIMIT'))
    return new PipeError('PKG-RATE-LIMIT', `${url.host} refuses the request (${status})`, wait)
  if (transient.includes(status) || (status < 500 && codes.includes('UNAVAILABLE')))
    return new PipeError(
      'PKG-REGISTRY-UNAVAILABLE',
      `${url.host} cannot serve the request now (${status})`,
      wait,
    )
  return undefined
}

// nginx and Cloudflare send 499 and 520 to 529 if the server behind them does not answer.
const transient: readonly number[] = [408, 425, 499, 500, 502, 503, 504, 520, 522, 524, 529]

/**
 * The failure of an answer that is not a success: what it means for the request, by the error codes of the distribution
 * specification if there are any, else by status and text.
 */
export const refusal = (answer: Answer, subject: Subject): PipeError => {
  const fault = transientFault(answer, subject)
  if (fault) return fault
  const [code, failed] = verdict(answer, subject)
  const why = code === 'PKG-ACCESS-DENIED' && subject.anonymous ? noCredential : {}
  return new PipeError(code, `${failed} (${answer.status})`, { said: said(answer), ...why })
}

/** The failure for an answer that no registry gives. */
export const notARegistry = (answer: Answer, words = said(answer)): PipeError =>
  new PipeError(
    'PKG-NOT-A-REGISTRY',
    `${answer.url.host} does not answer as a registry does (${answer.status})`,
    {
      said: words,
    },
  )

const verdict = (answer: Answer, { kind, name, anonymous, proven = false }: Subject): [Code, string] => {
  const { status, url } = answer
  const unlike: [Code, string] = ['PKG-NOT-A-REGISTRY', `${url.host} does not answer as a registry does`]
  const limit = [401, 403, 429].includes(status) ? limitIn(said(answer), name) : undefined
  if (status === 429 && limit) return [limit, `${url.host} refuses the request`]
  // Storage to which a redirect led knows nothing of the registry's credentials and names. A web server that checks the
  // login before the registry does sends a page with its challenge.
  const challenged = status === 401 && answer.headers.has('www-authenticate')
  if ((isPage(answer) && !challenged) || !answer.trusted) return unlike
  if (status === 402) return ['PKG-QUOTA', `${url.host} refuses the request`]
  if (limit && limit !== 'PKG-RATE-LIMIT') return [limit, `${url.host} refuses the request`]
  if (status === 401 && kind === 'login' && !anonymous)
    return ['PKG-AUTH-REFUSED', `${url.host} refuses the login`]
  if (status === 401 || status === 403) return ['PKG-ACCESS-DENIED', `${name} may not be read`]
  const errors = errorsOf(answer)
  const codes = errors.map((each) => each.code)
  const invalid = status === 400 && codes.some((code) => /^(?:NAME|TAG|MANIFEST|DIGEST)_INVALID$/.test(code))
  const absent = status === 404 && (errors.length > 0 || proven)
  if (!(absent || invalid) || ['registry', 'login', 'token'].includes(kind)) return unlike
  if (saysNoPackage(said(answer), name)) return ['PKG-PACKAGE-UNKNOWN', `There is no package for ${name}`]
  // Not every registry lists tags; that says nothing of the package.
  if (kind === 'tags') return unlike
  return [kind === 'tag' ? 'PKG-TAG-UNKNOWN' : 'PKG-DIGEST-UNKNOWN', `${name} does not exist`]
}

const noCredential = {
  why: 'The registry wants a login for it, and the pipe has no credentials for this registry.',
  hint: 'Only images of REGISTRY are pulled with the credentials of the step: check the host in the image name, and REGISTRY.',
}
