/** The values that must never be shown, and the one way to keep them out of a text. */
export interface Secrets {
  /**
   * Remembers a secret.
   *
   * @param username the user name that HTTP Basic authentication (RFC 7617) sends with it
   */
  add(secret: string, username?: string): void
  /**
   * The text with every secret masked, in each of its forms. Mask first, then clean, then cut: a piece of a secret
   * would not be recognized.
   */
  mask(text: string): string
}

/** Stands in place of a secret. */
const MASK = '****'

// Masking shorter values would shred the log.
const SHORTEST = 4

/** Collects the secrets of a run: those of its environment, and the tokens that it receives. */
export const createSecrets = (): Secrets => {
  const forms = new Set<string>()
  let longestFirst: string[] | undefined
  return {
    add(secret, username) {
      // A lone surrogate has no encoding; it is printed as another character anyway.
      for (const form of formsOf(secret.toWellFormed(), username))
        if (form.length >= SHORTEST) forms.add(form)
      longestFirst = undefined
    },
    mask(text) {
      // Longest first, because one form may contain another.
      longestFirst ??= [...forms].sort((a, b) => b.length - a.length)
      return longestFirst.reduce((masked, form) => masked.replaceAll(form, MASK), text)
    },
  }
}

// The ways in which this program and those that it talks to write a secret.
const formsOf = (secret: string, username = ''): string[] => [
  secret,
  encodeURIComponent(secret),
  // application/x-www-form-urlencoded, as in OAuth2, escapes other characters.
  new URLSearchParams([['', secret]]).toString().slice(1),
  JSON.stringify(secret).slice(1, -1),
  ...(['base64', 'base64url'] as const).map((encoding) =>
    Buffer.from(`${username}:${secret}`).toString(encoding),
  ),
]
