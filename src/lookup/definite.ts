import { type Code, PipeError } from '../errors.ts'

/**
 * Whether a failure is the registry's own last word (or ours, on its answer): refused, denied, absent, damaged,
 * limited, or out of time. All others (no route, an unknown flow, a proxy's page, a registry that is down, a document
 * that is not understood) decide nothing: the engine may still succeed.
 */
export const isDefinite = (error: unknown): boolean => {
  if (!(error instanceof PipeError)) return true
  return !error.unclear && (error.side !== 'registry' || definite.includes(error.code))
}

const definite: readonly Code[] = [
  'PKG-RATE-LIMIT',
  'PKG-QUOTA',
  'PKG-LOCKOUT',
  'PKG-REALM-REFUSED',
  'PKG-REDIRECT-REFUSED',
  'PKG-TIMEOUT',
]
