import { maskNames } from '../../mask-names.ts'

/** A limit, by the words of whoever set it. */
export type Limit = 'PKG-LOCKOUT' | 'PKG-QUOTA' | 'PKG-RATE-LIMIT'

/**
 * The limit that an answer's words name, if any. Docker Hub sends a quota as 429 or as 403, and a lockout as 429 or as
 * 401; gateways send a rate limit as 400 or as 403.
 *
 * @param name what was asked for (`crg.apkg.io/acme/quota-service:1.4`); the answer may repeat it, which says nothing
 */
export const limitIn = (words: string, name: string): Limit | undefined => {
  const masked = maskNames(words, namesIn(name))
  return limits.find(([pattern]) => pattern.test(masked))?.[1]
}

const limits: Array<[RegExp, Limit]> = [
  [
    /too many failed (?:login|authentication|sign-?in)|account (?:is |has been )?(?:temporarily )?locked/i,
    'PKG-LOCKOUT',
  ],
  [/pull rate limit|\bquota\b/i, 'PKG-QUOTA'],
  [
    /\btoo ?many ?requests\b|\brate (?:limit )?exceeded|\brate limit|\bthrottl|\bslow ?down\b/i,
    'PKG-RATE-LIMIT',
  ],
]

/** Whether an answer's words say that there is no such package, rather than no such tag in it. */
export const saysNoPackage = (words: string, name: string): boolean =>
  /\bNAME_(?:UNKNOWN|INVALID)\b|name unknown|repository (?:name )?not (?:known|found)|does not exist in this workspace/i.test(
    maskNames(words, namesIn(name)),
  )

/**
 * Whether a refusal has only words that registries use for every refusal (`denied`, `UNAUTHORIZED: authentication
 * required`), or none: then it is for us to say what it means here. Any other words are the answer's own reason, and
 * come first.
 *
 * @param name what was asked for; the answer may repeat it, which says nothing
 */
export const isStock = (said: string | undefined, name = ''): boolean =>
  (
    maskNames(said ?? '', namesIn(name))
      .toLowerCase()
      .match(/[a-z]+(?:'[a-z]+)?/g) ?? []
  ).every((word) => stock.has(word))

const stock = new Set(
  `unauthorized unauthenticated denied forbidden access authentication authorization required requested error
  errors the a an to of for is are was be or and not no on in with this that your you has have does do may must
  resource repository package workspace project registry known image manifest action pull grant read permission permissions permitted allowed authorized
  insufficient scope credentials credential invalid incorrect bad wrong username user name password token login
  log sign in failed failure basic bearer http https without word don't doesn't exist exists require requires
  docker valid provided please unknown could can cannot can't be found digest blob
  status code message`.split(/\s+/),
)

// A reference and each of its parts, whole and by segment: answers quote any of them.
const namesIn = (name: string): string[] => {
  const [path = '', digest] = name.split('@')
  const parts = path.split(/[/:]/)
  return [name, path, path.slice(path.indexOf('/') + 1), digest ?? '', ...parts].filter(
    (each) => each.length > 1,
  )
}
