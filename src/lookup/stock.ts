// What registries and engines say where a credential may not read something, whatever the reason.
const PHRASES = [
  'error response from daemon',
  'pull access denied for',
  'repository does not exist or may require docker login',
  'repository name not known to registry',
  'repository not known to registry',
  'repository name unknown',
  'repository not found',
  'access to the requested resource is not authorized',
  'requested access to the resource is denied',
  'requested access is denied',
  'access to the resource is denied',
  'you are not authorized to access this resource',
  'the requested resource does not exist or you are not authorized to access it',
  'does not exist in this workspace',
  'no basic auth credentials',
  'server message',
  'authentication is required',
  'authentication required',
  'authentication failed',
  'authorization required',
  'authorization failed',
  'insufficient scope',
  'insufficient permissions?',
  'permission denied',
  'access denied',
  'access forbidden',
  'not authorized',
  'unauthorized',
  'forbidden',
  'denied',
  'name unknown',
  'name invalid',
  'manifest unknown',
  'not found',
  'http 40[134] without a word',
  'unknown',
  'invalid token',
  'error',
  'pull',
  'repository',
  'docker',
  'package',
  'name',
]
const STOCK = new RegExp(
  `\\b(?:${PHRASES.map((each) => each.replaceAll(' ', '[\\s_]+')).join('|')})\\b`,
  'gi',
)

/**
 * Whether a refusal says no more than that it is one, in the words that such programs have for it. Whatever else is
 * said is a reason of its own (an address that is not allowed, a plan that is over), which no guess of ours betters.
 *
 * @param names names that may stand in it, such as the image's
 */
export const isStock = (said: string | undefined, names: readonly string[]): boolean => {
  const byLength = [...names].filter((name) => name !== '').sort((a, b) => b.length - a.length)
  const nameless = byLength.reduce((text, name) => text.replaceAll(name, ' '), said ?? '')
  // Details of an error: which resource, which action.
  const plain = nameless.replace(/[[{].*?[\]}]+/gs, ' ').replace(/['"`]/g, '')
  return !/[\p{L}\p{N}]{3}/u.test(plain.replace(STOCK, ' '))
}
