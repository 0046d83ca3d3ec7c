/** The values that must never be shown, and the one way to keep them out of a text. */
export interface Secrets {
  /**
   * Remembers a secret.
   *
   * @param username with which HTTP Basic authentication (RFC 7617) sends it
   */
  add(secret: string, username?: string): void
  /** The text with every secret masked, in each of its forms. Mask first, then clean, then cut: a piece is no match. */
  mask(text: string): string
}

/** What stands where a secret was. */
const MASK = '****'

// Shorter values are no secrets, and masking them would shred the log.
const SHORTEST = 4

/** The secrets of a run: those of its environment, and the tokens that it is given on its way. */
export const createSecrets = (): Secrets => {
  const forms = new Set<string>()
  let longestFirst: string[] | undefined
  return {
    add(secret, username) {
      // Half of a surrogate pair, which has no encoding, is shown as another character anyway.
      for (const form of formsOf(secret.toWellFormed(), username))
        if (form.length >= SHORTEST) forms.add(form)
      longestFirst = undefined
    },
    mask(text) {
      // One form may hold another.
      longestFirst ??= [...forms].sort((a, b) => b.length - a.length)
      return longestFirst.reduce((masked, form) => masked.replaceAll(form, MASK), text)
    },
  }
}

// Every way in which this program or those that it talks to write a secret.
const formsOf = (secret: string, username = ''): string[] => [
  secret,
  encodeURIComponent(secret),
  // A form of a browser, and of OAuth2, which escapes other characters (application/x-www-form-urlencoded).
  new URLSearchParams([['', secret]]).toString().slice(1),
  JSON.stringify(secret).slice(1, -1),
  ...(['base64', 'base64url'] as const).map((encoding) =>
    Buffer.from(`${username}:${secret}`).toString(encoding),
  ),
]
