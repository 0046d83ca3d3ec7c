/** A user name and its secret. */
export interface Credential {
  /** How logs and `result.json` name it; they never hold its value. */
  kind: 'built-in' | 'api-token'
  username: string
  secret: string
}

const NAMES = { 'built-in': "the step's own credentials", 'api-token': 'the API token' } as const

/** How the log names a credential. */
export const credentialName = (kind: Credential['kind'] | undefined): string =>
  kind === undefined ? 'no credentials' : NAMES[kind]
