import { asPipeError } from '../errors.ts'
import type { Scheme } from './auth/scheme.ts'
import type { Session } from './auth/session.ts'
import { type BlobOptions, type BlobStream, openBlob, rangeHeaders } from './blob.ts'
import { refusal } from './http/answer.ts'
import type { Answer, Request, Subject } from './http/transport.ts'
import { acceptManifests, manifestLimit, type ReadManifest, readManifest } from './manifest.ts'
import { type RegistryOptions, startSession } from './stack.ts'
import { listTags } from './tags.ts'

// The order of the stack, from the question to the socket. Each layer knows only the next one.
//
//   client            what is asked of a registry: manifest.ts, tags.ts, blob.ts read the answers
//   stack             puts the layers together
//   auth/session      with which authorization; a 401 gets one fresh token
//     auth/scheme       Basic, Bearer or neither, by the challenge (http/challenge) of GET /v2/
//     auth/gate         one login at a time until one is accepted; none after a refusal
//     auth/tokens       kept by scope, got by auth/token from the realm that auth/realm allows
//   http/warnings     what the registry warns of
//   http/redirect     where to next, and whether Authorization goes along
//   http/retry        again, what is transient (http/answer, http/words, http/faults, http/retry-after)
//   http/log          one line a request
//   http/exchange     one request and its whole answer, decoded (http/decode)
//   http/agent        the connections, through http/tunnel where http/proxy names one

/** One registry, read with one credential or with none. */
export interface RegistryClient {
  /**
   * Asks how the registry lets clients in, and shows it the credential. Throws `PKG-AUTH-REFUSED`, and
   * `PKG-REALM-REFUSED` before any credential goes out.
   */
  signIn: () => Promise<Scheme>
  /** Whether everything that was asked so far was answered without any credential. */
  isOpen: () => Promise<boolean>
  /**
   * A token with which a repository can be read for a while, where the registry uses such tokens: whoever has it needs
   * neither the credential nor the registry's word for where to show it. `refused` is one that is not given again.
   */
  token: (repository: string, refused?: string) => Promise<string | undefined>
  /** The manifest or index of a tag or of a digest (`sha256:…`), in one request once signed in. */
  resolve: (repository: string, reference: string) => Promise<ReadManifest>
  /** Asks by HEAD for a tag or a digest, and throws as `resolve` does, if less tellingly: such an answer has no body. */
  check: (repository: string, reference: string) => Promise<void>
  /** The tags of a repository, as far as a bounded number of requests goes. */
  tags: (repository: string) => Promise<string[]>
  /**
   * A blob as it streams in, from byte `from` on if the server can do that. Not retried here: the reader itself goes on
   * where the stream broke.
   */
  blob: (repository: string, digest: string, options?: BlobOptions) => Promise<BlobStream>
  /** Ends all connections. */
  close: () => Promise<void>
}

/**
 * A client for a registry's HTTP API (distribution-spec 1.1). It throws a `PipeError`, or the reason of a signal.
 * `said` holds the words of the other side as they came, which may echo what was sent: whoever prints them masks the
 * secrets.
 */
export const createRegistryClient = (options: RegistryOptions): RegistryClient => {
  const { host, credential, userAgent } = options
  const closers: Array<() => Promise<void>> = []
  let session: Promise<Session> | undefined

  const open = (): Promise<Session> => {
    session ??= startSession(options, (close) => closers.push(close)).catch((error: unknown) => {
      // Do not keep the failure: the network may be back for the next request.
      session = undefined
      throw error
    })
    return session
  }

  const ask = async (repository: string, request: Ask, about: Pick<Subject, 'kind' | 'name'>) => {
    const { registry, proven, request: send } = await open()
    const subject = { ...about, anonymous: !credential, proven }
    const headers = { 'user-agent': userAgent, ...request.headers }
    const url = new URL(request.path, registry)
    const answer = await send(
      { subject, method: 'GET', limit: manifestLimit, ...request, url, headers },
      scopeOf(repository),
    )
    // As engines do, which take any success for one.
    const isFine = request.stream
      ? [200, 206, 416].includes(answer.status)
      : Math.floor(answer.status / 100) === 2
    if (isFine) return answer
    throw refusal(answer, subject)
  }

  const askManifest = async (repository: string, reference: string, method: 'GET' | 'HEAD') => {
    const isDigest = reference.includes(':')
    const name = `${host}/${repository}${isDigest ? '@' : ':'}${reference}`
    const path = `/v2/${encodePath(repository)}/manifests/${encodePath(reference)}`
    const request = { path, method, headers: { accept: acceptManifests } }
    const answer = await ask(repository, request, { kind: isDigest ? 'digest' : 'tag', name })
    return { name, isDigest, answer }
  }

  // Any error in one image's request must be that image's failure.
  const guarded = async <T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> => {
    try {
      return await work()
    } catch (error) {
      const stops = [signal, options.retrying.clock?.signal]
      throw stops.some((each) => each?.aborted && each.reason === error) ? error : asPipeError(error)
    }
  }

  return {
    signIn: () =>
      guarded(async () => {
        const { signIn, scheme } = await open()
        await signIn()
        return scheme()
      }),
    isOpen: () => guarded(async () => (await open()).scheme().kind === 'none'),
    token: (repository, refused) => guarded(async () => (await open()).token(scopeOf(repository), refused)),
    resolve: (repository, reference) =>
      guarded(async () => {
        const { name, isDigest, answer } = await askManifest(repository, reference, 'GET')
        return readManifest(answer, name, isDigest ? reference : undefined)
      }),
    check: (repository, reference) =>
      guarded(async () => void (await askManifest(repository, reference, 'HEAD'))),
    tags: (repository) =>
      guarded(() => {
        const subject = { kind: 'tags', name: `${host}/${repository}` } as const
        return listTags(encodePath(repository), (path): Promise<Answer> => ask(repository, { path }, subject))
      }),
    blob: (repository, digest, part = {}) =>
      guarded(async () => {
        const path = `/v2/${encodePath(repository)}/blobs/${encodePath(digest)}`
        const { attempt, signal } = part
        const request = { path, headers: rangeHeaders(part), stream: true, attempt, signal }
        const subject = { kind: 'blob', name: `${host}/${repository}@${digest}` } as const
        return openBlob(await ask(repository, request, subject), part)
      }, part.signal),
    async close() {
      await Promise.all(closers.splice(0).map((close) => close()))
    },
  }
}

// Distribution's token specification, "Resource scope": to read one repository, and nothing else.
const scopeOf = (repository: string) => `repository:${repository}:pull`

type Ask = Partial<Pick<Request, 'method'>> &
  Pick<Request, 'headers' | 'stream' | 'attempt' | 'signal'> & { path: string }

// Path segments keep the colon of a digest, which servers compare without decoding it.
const encodePath = (path: string): string =>
  path
    .split('/')
    .map((segment) => encodeURIComponent(segment).replaceAll('%3A', ':'))
    .join('/')
