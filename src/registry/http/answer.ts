import * as z from 'zod/mini'
import { type Code, PipeError } from '../../errors.ts'
import { parseJson } from '../../json.ts'
import { retryAfter } from './retry-after.ts'
import { type Answer, contentType } from './transport.ts'

/** What was asked for; decides what a refusal means. */
export interface Subject {
  kind: 'registry' | 'login' | 'token' | 'tag' | 'digest' | 'tags' | 'blob'
  /** As a message names it: `crg.apkg.io/acme/base:1.4`. */
  name: string
  /** No credential was sent. */
  anonymous: boolean
}

/**
 * The failure of an answer that asks to come back (408, 425, 429, 500, 502, 503, 504): these alone are
 * tried again. A quota and a lockout come as 429 too, but do not pass. Undefined for any other status.
 */
export const transientFault = (answer: Answer): PipeError | undefined => {
  const { status, url } = answer
  if (![408, 425, 429, 500, 502, 503, 504].includes(status)) return undefined
  if (status === 429) return limited(answer)
  return new PipeError('PKG-REGISTRY-UNAVAILABLE', `${url.host} cannot serve the request now (${status})`, {
    said: said(answer),
    retryAfter: retryAfter(answer),
  })
}

/**
 * The failure of an answer that is neither a success nor transient: what it means for what was asked, by the
 * error codes of the distribution specification where there are any, else by status and text.
 */
export const refusal = (answer: Answer, subject: Subject): PipeError => {
  const transient = transientFault(answer)
  if (transient) return transient
  const [code, failed] = verdict(answer, subject)
  const why = code === 'PKG-ACCESS-DENIED' && subject.anonymous ? noCredential : {}
  return new PipeError(code, `${failed} (${answer.status})`, { said: said(answer), ...why })
}

/** Whether this is a page for people, or an answer whose sender did not mean a registry's client. */
export const isPage = (answer: Answer): boolean =>
  /^(?:text\/html|application\/xhtml\+xml)$/.test(contentType(answer)) ||
  /^\s*<(?:!doctype|html|head|body)\b/i.test(answer.body.subarray(0, 512).toString())

/** The words of an answer, as they came: its errors, its text, a page's title, or the bare status. */
export const said = (answer: Answer): string => {
  const text = answer.body.toString()
  if (isPage(answer)) {
    const title = /<title[^>]*>([^<]*)/i.exec(text)?.[1] ?? ''
    return `an HTML page${title.trim() && `: ${title.trim()}`}`
  }
  const errors = errorsOf(answer).map(({ code, message, detail }) =>
    [code, message, detail].filter((part) => part !== '').join(': '),
  )
  return errors.join('; ') || text.trim() || `HTTP ${answer.status} without a word`
}

const verdict = (answer: Answer, { kind, name, anonymous }: Subject): [Code, string] => {
  const { status, url } = answer
  const unlike: [Code, string] = ['PKG-NOT-A-REGISTRY', `${url.host} does not answer as a registry does`]
  // Storage that a redirect led to knows nothing of the registry's credentials and names. A web server that
  // checks the login before the registry does sends a page with its challenge.
  const challenged = status === 401 && answer.headers.has('www-authenticate')
  if ((isPage(answer) && !challenged) || !answer.trusted) return unlike
  if (status === 402) return ['PKG-QUOTA', `${url.host} refuses the request`]
  const limit = [401, 403].includes(status) ? limitOf(said(answer)) : undefined
  if (limit) return [limit, `${url.host} refuses the request`]
  if (status === 401 && kind === 'login' && !anonymous)
    return ['PKG-AUTH-REFUSED', `${url.host} refuses the login`]
  if (status === 401 || status === 403) return ['PKG-ACCESS-DENIED', `${name} may not be read`]
  const codes = errorsOf(answer).map((each) => each.code)
  const text = said(answer)
  const named =
    /\bNAME_(?:UNKNOWN|INVALID)\b|name unknown|repository (?:name )?not (?:known|found)|does not exist in this workspace/i
  const absent = status === 404 && (codes.length > 0 || parseJson(answer.body) !== undefined)
  const invalid = status === 400 && codes.some((code) => /^(?:NAME|TAG|MANIFEST|DIGEST)_INVALID$/.test(code))
  if (!(absent || invalid) || ['registry', 'login', 'token'].includes(kind)) return unlike
  if (named.test(`${codes.join(' ')} ${text}`))
    return ['PKG-PACKAGE-UNKNOWN', `There is no package for ${name}`]
  // Not every registry lists tags; that says nothing of the package.
  if (kind === 'tags') return unlike
  return [kind === 'tag' ? 'PKG-TAG-UNKNOWN' : 'PKG-DIGEST-UNKNOWN', `${name} does not exist`]
}

const limited = (answer: Answer): PipeError => {
  const words = said(answer)
  const code = limitOf(words) ?? 'PKG-RATE-LIMIT'
  return new PipeError(code, `${answer.url.host} refuses the request (429)`, {
    said: words,
    ...(code === 'PKG-RATE-LIMIT' && { retryAfter: retryAfter(answer) }),
  })
}

// Docker Hub sends a quota as 429 or as 403, and a lockout as 429 or as 401.
const limitOf = (words: string): 'PKG-LOCKOUT' | 'PKG-QUOTA' | undefined => {
  if (/too many failed (?:login|authentication|sign-?in)/i.test(words)) return 'PKG-LOCKOUT'
  return /pull rate limit|\bquota\b/i.test(words) ? 'PKG-QUOTA' : undefined
}

const noCredential = {
  why: 'The registry wants a login for it, and the pipe has no credentials for this registry.',
  hint: 'Only images of REGISTRY are pulled with the credentials of the step: check the host in the image name, and REGISTRY.',
}

// distribution-spec, "Error codes": {"errors":[{"code","message","detail"}]}. Token servers and proxies send
// less than that: {"message"}, {"error","error_description"} (RFC 6749, section 5.2), {"details"} (Docker Hub).
const text = z.catch(z.string(), '')
const wireErrors = z.partial(
  z.object({
    errors: z.catch(z.array(z.partial(z.object({ code: text, message: text, detail: text }))), []),
    error: text,
    error_description: text,
    message: text,
    details: text,
    detail: text,
  }),
)

const errorsOf = (answer: Answer): Array<{ code: string; message: string; detail: string }> => {
  const parsed = wireErrors.safeParse(parseJson(answer.body))
  if (!parsed.success) return []
  const { errors = [], error, message, error_description, details, detail } = parsed.data
  const whole = { code: error, message: message || error_description, detail: details || detail }
  return [...errors, whole]
    .map(({ code = '', message = '', detail = '' }) => ({ code, message, detail }))
    .filter((each) => Object.values(each).some((part) => part !== ''))
}
