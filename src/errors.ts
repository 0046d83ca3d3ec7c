/** Which side has to act when something failed. */
type Side = 'configuration' | 'credentials' | 'registry' | 'engine' | 'image' | 'disk' | 'pipe'

interface Entry {
  side: Side
  /** Whether the same operation may succeed when it is tried again (see `src/retry.ts`). */
  retryable?: true
  /** The exit code of the pipe; the README's table explains them. */
  exitCode: number
  /** Why it happens, when nothing more exact is known. */
  why: string
  /** What to do, when nothing more exact is known. */
  hint: string
}

const entries = {
  'PKG-CONFIG': {
    side: 'configuration',
    exitCode: 2,
    why: 'The variables of this pipe are not valid.',
    hint: 'Correct the variables named above in bitbucket-pipelines.yml.',
  },
  'PKG-CREDENTIALS-MISSING': {
    side: 'configuration',
    exitCode: 2,
    why: 'Bitbucket sets BITBUCKET_PACKAGES_USERNAME and BITBUCKET_PACKAGES_TOKEN in every step of a workspace whose plan includes Packages (Standard or Premium); in this step they are empty.',
    hint: "Check that the workspace's plan includes Bitbucket Packages, or give API_TOKEN_USERNAME and API_TOKEN. A docker:// pipe has no defaults: pass both variables yourself.",
  },

  'PKG-AUTH-REFUSED': {
    side: 'credentials',
    exitCode: 3,
    why: 'The registry does not accept this pair of user name and token.',
    hint: 'Remove any BITBUCKET_PACKAGES_USERNAME or BITBUCKET_PACKAGES_TOKEN that you set yourself, so that the ones of the step are used; check API_TOKEN_USERNAME and API_TOKEN if you gave them.',
  },
  'PKG-ACCESS-TOKEN': {
    side: 'credentials',
    exitCode: 3,
    why: 'The value is a repository, project or workspace access token (it begins with ATCTT); Bitbucket Packages accepts none of these, whatever the user name.',
    hint: "Leave the variable out to use the step's own credentials, or give an Atlassian API token (it begins with ATATT) with the scope read:package:bitbucket and its account's e-mail as user name.",
  },
  'PKG-ACCESS-DENIED': {
    side: 'credentials',
    exitCode: 3,
    why: "The step's own credentials read only the packages that are linked to the repository whose pipeline runs. The registry gives the same answer for a package of another repository, one that does not exist, and one that the credential may not read.",
    hint: 'Check the spelling; link the package to this repository; or give API_TOKEN_USERNAME and API_TOKEN (an API token with the scope read:package:bitbucket).',
  },

  'PKG-PACKAGE-UNKNOWN': {
    side: 'image',
    exitCode: 4,
    why: 'There is no package of this name in the workspace, or it was never pushed.',
    hint: 'Check the workspace and the package name under Packages in the workspace.',
  },
  'PKG-TAG-UNKNOWN': {
    side: 'image',
    exitCode: 4,
    why: 'The package exists, but it has no such tag.',
    hint: 'Check the tag under Packages in the workspace.',
  },
  'PKG-DIGEST-UNKNOWN': {
    side: 'image',
    exitCode: 4,
    why: 'The package exists, but no image of this digest is in it; it may have been deleted.',
    hint: 'Take the digest of a tag that exists.',
  },
  'PKG-NOT-HERE': {
    side: 'image',
    exitCode: 4,
    why: 'PULL_POLICY is never, so the registry is not asked, and the image is neither in the engine nor in the folder of STORE.',
    hint: 'Check that an earlier step put it there: the same STORE, listed under artifacts or caches, and the same IMAGE. Or let the registry be asked: PULL_POLICY: missing.',
  },
  'PKG-PLATFORM': {
    side: 'image',
    exitCode: 5,
    why: 'The image was not built for this platform.',
    hint: 'Build the image for this platform too, run the step on a machine of a platform that it has, or name such a platform in PLATFORM.',
  },
  'PKG-INTEGRITY': {
    side: 'image',
    exitCode: 6,
    why: 'The data does not match its digest: it was changed or damaged in the registry or on the way.',
    hint: 'Run the step again; if the error stays, push the image again, and look for a proxy that rewrites answers.',
  },
  'PKG-MANIFEST': {
    side: 'image',
    exitCode: 6,
    why: 'The registry holds something under this name that no Docker engine can run.',
    hint: 'Push the image again with a current Docker, buildx or another OCI client.',
  },
  'PKG-SCHEMA1': {
    side: 'image',
    exitCode: 6,
    why: 'The image is stored in the Docker image format of 2015 (manifest schema 1), which current engines refuse.',
    hint: 'Pull and push it once with Docker 20.10, or build it again.',
  },

  'PKG-RATE-LIMIT': {
    side: 'registry',
    exitCode: 7,
    retryable: true,
    why: 'Too many requests in a short time; the limit passes by itself.',
    hint: 'Run the step again later, or spread the pipelines over time.',
  },
  'PKG-QUOTA': {
    side: 'registry',
    exitCode: 7,
    why: 'The account has used up its allowance for this period; trying again does not help.',
    hint: 'Wait for the next period or raise the limit; pull less by handing images over between steps.',
  },
  'PKG-LOCKOUT': {
    side: 'registry',
    exitCode: 7,
    why: 'The registry refuses logins for a while after too many failed ones; every further try prolongs it.',
    hint: 'Correct the credentials first, wait, then run the step once.',
  },

  'PKG-NETWORK': {
    side: 'registry',
    exitCode: 8,
    retryable: true,
    why: 'The connection to the registry failed or broke.',
    hint: 'Run the step again; check the status of Bitbucket, and the network of a self-hosted runner.',
  },
  'PKG-DNS': {
    side: 'registry',
    exitCode: 8,
    retryable: true,
    why: 'The name of the registry could not be resolved.',
    hint: 'Check the spelling of the host in IMAGE and in REGISTRY, and the name servers of a self-hosted runner.',
  },
  'PKG-TLS-CA': {
    side: 'registry',
    exitCode: 8,
    why: 'The certificate of the server is signed by an authority that is not trusted here; usually a proxy that inspects TLS.',
    hint: 'Let the pipe trust it: put its certificate under the clone folder and name that file in the variable NODE_EXTRA_CA_CERTS; the engine needs it too.',
  },
  'PKG-TLS-HOST': {
    side: 'registry',
    exitCode: 8,
    why: 'The certificate of the server is for another name.',
    hint: 'Check REGISTRY for a misspelt or outdated host name.',
  },
  'PKG-TLS-EXPIRED': {
    side: 'registry',
    exitCode: 8,
    why: 'The certificate of the server has expired, or the clock of this machine is wrong.',
    hint: 'Renew the certificate; on a self-hosted runner check the clock.',
  },
  'PKG-TLS': {
    side: 'registry',
    exitCode: 8,
    why: 'No TLS connection could be made; the server may speak plain HTTP or another protocol.',
    hint: 'Check REGISTRY: host name and port of a registry that speaks HTTPS.',
  },
  'PKG-REGISTRY-UNAVAILABLE': {
    side: 'registry',
    exitCode: 8,
    retryable: true,
    why: 'The registry answers that it cannot serve the request now.',
    hint: 'Run the step again; check the status of Bitbucket.',
  },
  'PKG-NOT-A-REGISTRY': {
    side: 'registry',
    exitCode: 8,
    why: 'No registry answers like this: often it is the HTML page of a proxy, a firewall or a login portal.',
    hint: 'Check REGISTRY, and HTTPS_PROXY and NO_PROXY on a self-hosted runner.',
  },
  'PKG-REALM-REFUSED': {
    side: 'registry',
    exitCode: 8,
    why: 'The registry sends clients for their tokens to an address to which this pipe gives no credentials.',
    hint: 'If the address is right, name its host in AUTH_REALM_HOSTS.',
  },
  'PKG-TOKEN-ENDED': {
    side: 'registry',
    exitCode: 8,
    why: 'With AUTH_REALM_HOSTS the engine gets no login but a token of the registry, and the registry refused that within the pull: the token ended, or is taken from the pipe alone.',
    hint: 'Name a folder in STORE: then the pipe itself fetches the image, with as many tokens as it takes.',
  },
  'PKG-REDIRECT-REFUSED': {
    side: 'registry',
    exitCode: 8,
    why: 'The registry redirects to an address that is not safe to follow.',
    hint: 'Check REGISTRY, and proxies between the step and the registry.',
  },

  'PKG-CLI-MISSING': {
    side: 'engine',
    exitCode: 9,
    why: 'The program docker could not be started.',
    hint: 'Use the image of this pipe as published; outside of it, install the docker CLI.',
  },
  'PKG-ENGINE-UNREACHABLE': {
    side: 'engine',
    exitCode: 9,
    why: 'There is no Docker engine at that address: the step does not declare the docker service, or the service stopped, most often because its memory limit (1024 MB by default, the containers included) was reached.',
    hint: 'Add "services: [docker]" to the step; if it is there, raise definitions: services: docker: memory:.',
  },
  'PKG-ENGINE-DENIED': {
    side: 'engine',
    exitCode: 9,
    why: 'Bitbucket Pipelines does not allow this operation on its Docker engine.',
    hint: 'Report it with the log of a run with DEBUG: "true"; runtime version 3 has fewer limits.',
  },
  'PKG-ENGINE-UID': {
    side: 'engine',
    exitCode: 9,
    why: 'Files in the image have a user or group id above 65535, which the engine of a step cannot map.',
    hint: 'Build the image with user and group ids below 65536 (look for tar archives with large ids, and useradd with a large -u).',
  },
  'PKG-ENGINE-API': {
    side: 'engine',
    exitCode: 9,
    why: 'The docker CLI and the engine have no version of the API in common.',
    hint: 'Update the engine of the self-hosted runner, or this pipe.',
  },
  'PKG-ENGINE': {
    side: 'engine',
    exitCode: 9,
    why: 'The Docker engine reported an error that this pipe does not know.',
    hint: 'Read its message above; run again with DEBUG: "true" for every command.',
  },

  'PKG-RUN-SHELL': {
    side: 'image',
    exitCode: 2,
    why: 'RUN needs a POSIX shell in the image to run its commands.',
    hint: 'Name one that the image has in RUN_SHELL, or build the image with one: those made from scratch or "distroless" have none.',
  },

  'PKG-DISK-FULL': {
    side: 'disk',
    exitCode: 10,
    why: 'There is no space left for the image.',
    hint: 'Use a smaller image, remove files before this step line, or take a larger step size.',
  },

  'PKG-STORE': {
    side: 'disk',
    exitCode: 10,
    why: 'The folder of STORE can be neither created nor read, or holds what no store has.',
    hint: 'Name a folder under the clone folder in STORE, such as .images; a file of that name must not be in the way.',
  },

  'PKG-TEMP-FOLDER': {
    side: 'disk',
    exitCode: 10,
    why: 'Logins are kept in a folder of their own, in memory (/dev/shm) or else where temporary files are (TMPDIR); neither can be written.',
    hint: 'On a self-hosted runner, let the container of the pipe write /dev/shm or /tmp, and see that neither is full.',
  },

  'PKG-TIMEOUT': {
    side: 'registry',
    exitCode: 124,
    why: 'The delivery did not end within TIMEOUT.',
    hint: 'Raise TIMEOUT, or look above for what was slow.',
  },
  'PKG-OUTPUT': {
    side: 'disk',
    exitCode: 10,
    why: 'The folder for images.env and result.json cannot be created or written.',
    hint: 'Name a folder under the clone folder in OUTPUT_DIR, or leave it out.',
  },
  'PKG-INTERRUPTED': {
    side: 'pipe',
    exitCode: 143,
    why: 'The step was stopped, or its time was up.',
    hint: 'Run the step again; what was pulled so far stays in the engine if the step goes on.',
  },
  'PKG-INTERNAL': {
    side: 'pipe',
    exitCode: 1,
    why: 'This is a fault of the pipe itself.',
    hint: 'Run again with DEBUG: "true" and report the log.',
  },
} as const satisfies Record<`PKG-${string}`, Entry>

export type Code = keyof typeof entries

/** Every failure that the pipe tells apart. Codes are stable: the README has a section for each. */
export const catalogue: Readonly<Record<Code, Entry>> = entries

interface Details {
  /** What the registry or the engine said, verbatim; cleaned and redacted when it is printed. */
  said?: string | undefined
  /** Why it happened here, where more is known than the catalogue says. */
  why?: string | undefined
  /** What to do, where more is known than the catalogue says. */
  hint?: string | undefined
  /** How long the other side asked to wait before the next try, in milliseconds. */
  retryAfter?: number | undefined
  /** The exit code, where the catalogue's is not exact: 128 + n after signal n. */
  exitCode?: number
  /** Whether this pipe did not understand the other side's answer: the engine may still know what to do with it. */
  unclear?: boolean
  cause?: unknown
}

/** A failure of the catalogue: `message` says what failed, the rest why and what to do. */
export class PipeError extends Error {
  readonly code: Code
  readonly said: string | undefined
  readonly why: string
  readonly hint: string
  readonly retryAfter: number | undefined
  readonly exitCode: number
  readonly unclear: boolean

  constructor(code: Code, message: string, details: Details = {}) {
    super(message, { cause: details.cause })
    this.name = 'PipeError'
    this.code = code
    this.said = details.said
    this.why = details.why ?? catalogue[code].why
    this.hint = details.hint ?? catalogue[code].hint
    this.retryAfter = details.retryAfter
    this.exitCode = details.exitCode ?? catalogue[code].exitCode
    this.unclear = details.unclear ?? false
  }

  /** The same failure with more details; those that are not given stay. */
  with(more: Details & { message?: string }): PipeError {
    const { code, said, why, hint, retryAfter, exitCode, unclear, cause } = this
    const details = { said, why, hint, retryAfter, exitCode, unclear, cause, ...more }
    return new PipeError(code, more.message ?? this.message, details)
  }

  get side(): Side {
    return catalogue[this.code].side
  }

  get retryable(): boolean {
    return catalogue[this.code].retryable ?? false
  }
}

/** The failure as the pipe reports it: any error outside the catalogue is a fault of the pipe. */
export const asPipeError = (error: unknown): PipeError =>
  error instanceof PipeError
    ? error
    : new PipeError('PKG-INTERNAL', error instanceof Error ? error.message : String(error), { cause: error })
