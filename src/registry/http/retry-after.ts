import { findWait, readWait } from '../../wait.ts'
import { type Answer, header } from './transport.ts'

/**
 * How long an answer asks to wait, in milliseconds: by `Retry-After` (RFC 9110, section 10.2.3), else by its text.
 * Undefined if it says nothing that can be understood. A date is compared with the answer's own, because the clock of
 * this machine may be wrong.
 */
export const retryAfter = (answer: Answer): number | undefined => {
  const answered = Date.parse(header(answer, 'date') ?? '')
  const now = Number.isNaN(answered) ? Date.now() : answered
  return (
    readWait(header(answer, 'retry-after') ?? '', now) ?? findWait(answer.body.subarray(0, 4096).toString())
  )
}
