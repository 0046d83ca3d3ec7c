import { PipeError } from '../../errors.ts'

interface Gate {
  /** Whether some login was accepted. */
  open: () => boolean
  /** Runs a request that sends the credential, when it may. */
  pass: <T>(login: () => Promise<T>) => Promise<T>
}

/**
 * Lets one login through at a time until one is accepted, then all; after a refusal none, ever: the same
 * failure is thrown again without a request, since every refused login brings a lockout nearer. Without it,
 * twenty images with a wrong token would be twenty refused logins at once.
 */
export const createGate = (): Gate => {
  let accepted = false
  let refused: PipeError | undefined
  let busy: Promise<unknown> | undefined

  const tryLogin = async <T>(login: () => Promise<T>): Promise<T> => {
    if (refused) throw refused
    try {
      const result = await login()
      accepted = true
      return result
    } catch (error) {
      if (error instanceof PipeError && lasting.includes(error.code)) refused = error
      throw error
    }
  }

  return {
    open: () => accepted,
    pass: async (login) => {
      while (busy && !accepted && !refused) await busy
      if (accepted || refused) return tryLogin(login)
      const turn = tryLogin(login)
      busy = turn.then(
        () => {},
        () => {},
      )
      try {
        return await turn
      } finally {
        busy = undefined
      }
    },
  }
}

const lasting: readonly string[] = ['PKG-AUTH-REFUSED', 'PKG-LOCKOUT']
