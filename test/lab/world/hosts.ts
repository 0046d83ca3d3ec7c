/** The servers outside of a step, with addresses kept for documentation (RFC 5737). */
export const hosts = {
  'gateway.apkg.test': '192.0.2.1',
  'crg.apkg.io': '192.0.2.2',
  'basic.apkg.test': '192.0.2.3',
  'open.apkg.test': '192.0.2.4',
  'auth.apkg.test': '192.0.2.5',
  'front.apkg.test': '192.0.2.6',
} as const
