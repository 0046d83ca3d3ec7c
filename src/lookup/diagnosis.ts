import { type Credential, credentialName } from '../credential.ts'
import type { PipeError } from '../errors.ts'
import { quote } from '../image/quote.ts'
import { formatReference, type ImageReference } from '../image/reference.ts'
import { isStock } from '../registry/http/words.ts'
import { nearestTags } from '../suggest.ts'
import type { Failure } from './failure.ts'

/** What is known where an image failed. */
export interface Facts {
  image: ImageReference
  /** Host of Bitbucket Packages. */
  registry: string
  /** `<workspace>/<repository>` whose pipeline runs. */
  repository: string | undefined
  /** The credentials that there are for the image, tried or not. */
  given: ReadonlyArray<Credential | undefined>
}

type Kind = Credential['kind'] | undefined

/**
 * Explains the first failure of an image by what is known here: the repository, the package, its tags, the credentials.
 * The other failures are those of the other credentials.
 */
export const diagnose = (failures: readonly Failure[], facts: Facts): PipeError => {
  const [first, ...others] = failures
  if (first === undefined) throw new TypeError('There is no failure to explain.')
  // Only the other registry knows more about its images.
  if (facts.image.domain !== facts.registry) return first.error.with(missingTag(first, facts))
  const { why = first.error.why, hint = first.error.hint } = explain(first, others, facts)
  const isNewReason = (error: PipeError) => error.said !== first.error.said && hasOwnReason(error, facts)
  const more = others
    .filter(({ error }) => error.code !== first.error.code || isNewReason(error))
    .map(({ credential, error }) => {
      const said = isNewReason(error) ? ` (${error.said})` : ''
      return ` With ${credentialName(credential?.kind)}: ${error.code}: ${error.message}${said}.`
    })
  return first.error.with({ why: why + more.join(''), hint })
}

/** A failure to sign in, with what it means for this credential. */
export const explainLogin = (error: PipeError, kind: Kind): PipeError =>
  error.code === 'PKG-AUTH-REFUSED' ? error.with(refused(kind)) : error

interface Explanation {
  why?: string
  hint?: string
}

const explain = (first: Failure, others: readonly Failure[], facts: Facts): Explanation => {
  const { credential, error } = first
  const { image } = facts
  const kind = credential?.kind
  switch (error.code) {
    case 'PKG-AUTH-REFUSED':
      return hasOwnReason(error, facts) ? { hint: refused(kind).hint } : refused(kind)
    case 'PKG-ACCESS-DENIED':
    case 'PKG-PACKAGE-UNKNOWN':
      return notReadable(error, [kind, ...others.map((other) => other.credential?.kind)], facts)
    case 'PKG-TAG-UNKNOWN':
      return missingTag(first, facts)
    case 'PKG-DIGEST-UNKNOWN':
      return {
        why: `The package ${image.path} exists, but holds no image of this digest; it may have been deleted, or belong to another package.`,
      }
    default:
      return {}
  }
}

const refused = (kind: Kind): Required<Explanation> =>
  kind === 'api-token'
    ? {
        why: 'The registry does not accept this e-mail address and API token.',
        hint: 'Check that API_TOKEN is an API token (it begins with ATATT) that has not expired, with the scope read:package:bitbucket, and that API_TOKEN_USERNAME is the e-mail address of its account.',
      }
    : {
        why: "Bitbucket issues these credentials for one step and withdraws them at its end; a pair that is refused is an old one, or a variable of the same name in the repository, the workspace or the deployment replaces the step's own.",
        hint: 'Remove variables named BITBUCKET_PACKAGES_USERNAME and BITBUCKET_PACKAGES_TOKEN from the settings and from bitbucket-pipelines.yml, and run the step again.',
      }

const notReadable = (error: PipeError, tried: readonly Kind[], facts: Facts): Explanation => {
  const { image, repository } = facts
  const [workspace = '', ...rest] = image.path.split('/')
  const name = quote(rest.join('/'))
  const here = repository === undefined ? 'this repository' : `the repository ${repository}`
  const withToken = facts.given.some((credential) => credential?.kind === 'api-token')
  const link = `link the package to ${here} in its settings`
  const token = withToken
    ? 'give an API token whose account may read it'
    : 'give API_TOKEN_USERNAME and API_TOKEN, an API token with the scope read:package:bitbucket'
  const asked = `It was asked for with ${tried.map(credentialName).join(' and ')}.`
  if (hasOwnReason(error, facts))
    return {
      why: `${asked} The registry gives a reason of its own for its refusal: see what it said.`,
      hint: `Do what the reason asks for. Where it does not help: check the spelling; ${link}; or ${token}.`,
    }
  const own = repository?.split('/')[0]
  const elsewhere =
    own === undefined || own === workspace
      ? ''
      : ` The pipeline runs in the workspace ${own}, the image is in ${workspace}.`
  const causes = [
    `the package ${name} is linked to another repository than ${repository ?? 'this one'}`,
    `there is no package ${name} in the workspace ${quote(workspace)}`,
    ...(withToken
      ? ['the API token lacks the scope read:package:bitbucket, or its account may not read the package']
      : []),
    ...(error.code === 'PKG-PACKAGE-UNKNOWN' ? ['nothing was pushed to it yet'] : []),
  ]
  return {
    why: `${asked} The step's own credentials read only packages that are linked to ${here}. Either ${causes.join(', or ')}.${elsewhere}`,
    hint: `Check the spelling; ${link}; or ${token}. Docker Hub's image of that name is written ${onDockerHub(image, own)}.`,
  }
}

const hasOwnReason = ({ code, said }: PipeError, { image }: Facts): boolean => {
  const refused = ['PKG-AUTH-REFUSED', 'PKG-ACCESS-DENIED'].includes(code)
  // What engines put before the words of a registry.
  const words = said?.replace(/^Error response from daemon: /i, '').replace(/^(?:Head|Get) "[^"]*": /, '')
  return refused && !isStock(words?.replace('basic auth ', ''), formatReference(image))
}

// Without a host, a name means a package to this pipe, but to docker an image of Docker Hub.
const onDockerHub = ({ path, tag, digest }: ImageReference, own: string | undefined): string => {
  const [workspace, ...rest] = path.split('/')
  const hub = workspace === own ? ['library', ...rest].join('/') : path
  return formatReference({ domain: 'docker.io', path: hub, tag, digest })
}

const missingTag = ({ tags }: Failure, { image }: Facts): Explanation => {
  if (tags === undefined || image.tag === undefined || image.digest !== undefined) return {}
  if (tags.length === 0)
    return {
      why: `The package ${image.path} exists, but holds no tag at all.`,
      hint: 'Push an image to it first.',
    }
  const nearest = nearestTags(image.tag, tags)
  const more = tags.length - nearest.length
  return {
    why: `The package ${image.path} exists, but has no tag ${quote(image.tag)}.`,
    hint: `Use a tag that exists, nearest first: ${nearest.join(', ')}${more > 0 ? ` (and ${more} more)` : ''}.`,
  }
}
