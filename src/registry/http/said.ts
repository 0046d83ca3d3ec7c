import * as z from 'zod/mini'
import { parseJson } from '../../json.ts'
import { parseChallenges } from './challenge.ts'
import { type Answer, contentType } from './transport.ts'

/** One error of an answer, in its own words; a field that it lacks is empty. */
interface WireError {
  code: string
  message: string
  detail: string
}

/** Whether the answer is a page for people, and so not meant for a registry's client. */
export const isPage = (answer: Answer): boolean =>
  /^(?:text\/html|application\/xhtml\+xml)$/.test(contentType(answer)) ||
  /^\s*<(?:!doctype|html|head|body)\b/i.test(answer.body.subarray(0, 512).toString())

/**
 * The words of an answer, as they came: its errors, its text or a page's title, and what its challenge says (RFC 6750,
 * section 3); the bare status if there are none.
 */
export const said = (answer: Answer): string => {
  const words = [wordsOf(answer), ...challengeWords(answer)].filter((part) => part !== '')
  return words.join('; ') || `HTTP ${answer.status} without a word`
}

/**
 * The errors in the body of an answer: distribution-spec, "Error codes", and what token servers, gateways and
 * Bitbucket's own API send instead.
 */
export const errorsOf = (answer: Answer): WireError[] => {
  const parsed = wireErrors.safeParse(parseJson(answer.body, { items: 10_000, depth: 50 }))
  if (!parsed.success) return []
  const { errors = [], error, message, error_description, error_message, details, detail } = parsed.data
  const nested = typeof error === 'object' ? error : { code: error }
  const whole = {
    code: nested.code,
    message: nested.message || message || error_description || error_message,
    detail: nested.detail || details || detail,
  }
  return [...errors, whole]
    .map(({ code = '', message = '', detail = '' }) => ({ code, message, detail }))
    .filter((each) => Object.values(each).some((part) => part !== ''))
}

const wordsOf = (answer: Answer): string => {
  const text = answer.body.toString()
  if (isPage(answer)) {
    const title = /<title[^<>]*>([^<]*)/i.exec(text)?.[1] ?? ''
    return `an HTML page${title.trim() && `: ${title.trim()}`}`
  }
  const errors = errorsOf(answer).map(({ code, message, detail }) =>
    [code, message, detail].filter((part) => part !== '').join(': '),
  )
  return errors.join('; ') || text.trim()
}

// The error code of a challenge says no more than the status does, its description may.
const challengeWords = (answer: Answer): string[] =>
  parseChallenges(answer.headers.get('www-authenticate') ?? []).flatMap(({ params }) =>
    params.error_description ? [params.error_description] : [],
  )

// {"errors":[{"code","message","detail"}]} of registries, {"message"} of gateways, {"error","error_description"}
// of OAuth2 (RFC 6749, section 5.2), {"details"} of Docker Hub, {"type":"error","error":{"message","detail"}} of
// Bitbucket.
const text = z.catch(z.string(), '')
const wireError = z.partial(z.object({ code: text, message: text, detail: text }))
const wireErrors = z.partial(
  z.object({
    errors: z.catch(z.array(z.catch(wireError, {})), []),
    error: z.catch(z.union([z.string(), wireError]), ''),
    error_description: text,
    error_message: text,
    message: text,
    details: text,
    detail: text,
  }),
)
