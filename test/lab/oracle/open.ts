import type { EngineName } from '../engines/engines.ts'

const withDockersStore = [
  'coding-unknown',
  'ping-html',
  'ping-html-with-version',
  'ping-204',
  'ping-404',
  'ping-redirect',
  'ping-401-without-challenge',
]

/**
 * The rows at which the pipe does not yet do as the engine does, none of them for a reason of security: where GET /v2/
 * answers oddly, CHECK_ONLY does not go on as the engine does, and STORE does not take a blob in a coding that nobody
 * knows. The list may only become shorter.
 */
export const open: Partial<Record<EngineName, readonly string[]>> = {
  '20.10': withDockersStore,
  '26.1': withDockersStore,
  '28.5': withDockersStore,
}
