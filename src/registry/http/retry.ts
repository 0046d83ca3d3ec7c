import { type RetryPolicy, retry } from '../../retry.ts'
import { transientFault } from './answer.ts'
import type { Answer, Subject, Transport } from './transport.ts'

/** Tries transient failures again: faults of the network and answers that ask to come back (`src/retry.ts`). */
export const withRetry =
  (next: Transport, policy: RetryPolicy): Transport =>
  async (request) => {
    // The reader of a stream goes on where it broke, and so counts the attempts itself.
    if (request.stream) return orFault(await next(request), request.subject)
    const attempt = async (now: { attempt: number; signal: AbortSignal }) =>
      orFault(await next({ ...request, ...now }), request.subject)
    return retry(attempt, policy, request.signal)
  }

const orFault = (answer: Answer, subject: Subject): Answer => {
  const fault = transientFault(answer, subject)
  if (fault) throw fault
  return answer
}
