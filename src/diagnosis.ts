import { PipeError } from './errors.ts'
import { quote } from './image/quote.ts'
import type { ImageReference } from './image/reference.ts'
import type { Credential } from './settings.ts'
import { nearestTags } from './suggest.ts'

/** What is known where a failure of an image happened. */
export interface Facts {
  image: ImageReference
  /** The credentials that were tried. */
  tried: ReadonlyArray<Credential['kind'] | undefined>
  registry: string
  /** `<workspace>/<repository>` whose pipeline runs. */
  repository: string | undefined
  /** The tags of the package; undefined where they are not known. */
  tags?: readonly string[] | undefined
}

const NAMES = { 'built-in': "the step's own credentials", 'api-token': 'the API token' } as const

/** How the log names a credential. */
export const credentialName = (kind: Credential['kind'] | undefined): string =>
  kind === undefined ? 'no credentials' : NAMES[kind]

/** The same failure with what it means here: for this repository, this package, these tags, this credential. */
export const diagnose = (error: PipeError, facts: Facts): PipeError => {
  const { why = error.why, hint = error.hint } = explain(error, facts) ?? {}
  return new PipeError(error.code, error.message, { ...error, why, hint, cause: error.cause })
}

interface Explanation {
  why?: string
  hint?: string
}

const explain = (error: PipeError, facts: Facts): Explanation | undefined => {
  // Of an image of another registry nothing is known but what that registry says.
  if (facts.image.domain !== facts.registry) return undefined
  switch (error.code) {
    case 'PKG-AUTH-REFUSED':
      return refused(facts)
    case 'PKG-ACCESS-DENIED':
    case 'PKG-PACKAGE-UNKNOWN':
      return notReadable(error, facts)
    case 'PKG-TAG-UNKNOWN':
      return missingTag(facts)
    case 'PKG-DIGEST-UNKNOWN':
      return {
        why: `The package ${facts.image.path} exists, but holds no image of this digest; it may have been deleted or belong to another package.`,
      }
    default:
      return undefined
  }
}

const refused = ({ tried }: Facts): Explanation =>
  tried.at(-1) === 'api-token'
    ? {
        why: 'The registry accepts neither this e-mail and API token nor, if they were tried, the credentials of the step.',
        hint: 'Check that API_TOKEN is an API token (it begins with ATATT) that has not expired, with the scope read:package:bitbucket, and that API_TOKEN_USERNAME is the e-mail address of its account.',
      }
    : {
        why: "Bitbucket issues these credentials for one step and withdraws them at its end; a pair that is refused is an old one, or a variable of the same name in the repository, the workspace or the deployment replaces the step's own.",
        hint: 'Remove variables named BITBUCKET_PACKAGES_USERNAME and BITBUCKET_PACKAGES_TOKEN from the settings and from bitbucket-pipelines.yml, and run the step again.',
      }

const notReadable = (error: PipeError, { image, tried, repository }: Facts): Explanation => {
  const [workspace = '', ...rest] = image.path.split('/')
  const name = rest.join('/')
  const here = repository === undefined ? 'this repository' : `the repository ${repository}`
  const own = repository?.split('/')[0]
  const elsewhere =
    own === undefined || own === workspace
      ? ''
      : ` The pipeline runs in the workspace ${own}, the image is in ${workspace}.`
  const withToken = tried.includes('api-token')
  const causes = [
    `the package ${quote(name)} is linked to another repository than ${repository ?? 'this one'}`,
    `there is no package ${quote(name)} in the workspace ${quote(workspace)}`,
    ...(withToken
      ? ['the account of the API token may not read it, or the token lacks the scope read:package:bitbucket']
      : []),
    ...(error.code === 'PKG-PACKAGE-UNKNOWN' ? ['nothing was pushed to it yet'] : []),
  ]
  return {
    why: `It was asked for with ${tried.map(credentialName).join(' and ')}. The step's own credentials read only packages that are linked to ${here}. Either ${causes.join(', or ')}.${elsewhere}`,
    hint: withToken
      ? `Check the spelling; link the package to ${here} in its settings; or give an API token whose account may read it.`
      : `Check the spelling; link the package to ${here} in its settings; or give API_TOKEN_USERNAME and API_TOKEN, an API token with the scope read:package:bitbucket.`,
  }
}

const missingTag = ({ image, tags }: Facts): Explanation => {
  if (tags === undefined || image.tag === undefined) return {}
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
