import { refusal, type Wanted } from './http/answer.ts'
import { type BlobOptions, type BlobStream, openBlob, rangeHeaders } from './blob.ts'
import { acceptManifests, manifestLimit, type Resolved, readManifest } from './manifest.ts'
import type { Scheme } from './auth/scheme.ts'
import type { Session } from './auth/session.ts'
import { guarded, type RegistryOptions, startSession, userAgent } from './stack.ts'
import { listTags, type TagList } from './tags.ts'
import { createSecrets } from './text.ts'
import { basic } from './auth/token.ts'
import { type Answer, header, type Request } from './http/transport.ts'

/** One registry, read with one credential or with none. */
export interface RegistryClient {
  /**
   * Asks how the registry lets clients in, and shows it the credential. Throws `PKG-AUTH-REFUSED`, and
   * `PKG-REALM-REFUSED` before any credential goes out.
   */
  signIn: () => Promise<Scheme>
  /** The manifest or index of a tag or of a digest (`sha256:…`), in one request once signed in. */
  resolve: (repository: string, reference: string) => Promise<Resolved>
  /** The tags of a repository, as far as a bounded number of requests goes. */
  tags: (repository: string) => Promise<TagList>
  /** The size of a blob in bytes where the registry tells it; undefined where there is no such blob. */
  blobExists: (repository: string, digest: string) => Promise<{ size: number | undefined } | undefined>
  /**
   * A blob as it streams in, from byte `from` on where the server can; sent once, so that the reader can go on
   * where it broke.
   */
  blob: (repository: string, digest: string, options?: BlobOptions) => Promise<BlobStream>
  /** Ends all connections. */
  close: () => Promise<void>
}

/**
 * A client for a registry's HTTP API (distribution-spec 1.1). Everything that it throws is a `PipeError`
 * without any secret, or the reason of `signal`.
 */
export const createRegistryClient = (options: RegistryOptions): RegistryClient => {
  const secrets = createSecrets()
  if (options.credential)
    secrets.add(options.credential.password, basic(options.credential).slice('Basic '.length))
  const closers: Array<() => Promise<void>> = []
  let session: Promise<Session> | undefined

  const open = (): Promise<Session> => {
    session ??= startSession(options, secrets, (close) => closers.push(close)).catch((error: unknown) => {
      // Whoever asks next may find the network back.
      session = undefined
      throw error
    })
    return session
  }

  const ask = async (repository: string, request: Ask, wanted: Omit<Wanted, 'anonymous'>) => {
    const { registry, request: send } = await open()
    const headers = { 'user-agent': userAgent(options), ...request.headers }
    const url = new URL(request.path, registry)
    const answer = await send(
      { limit: manifestLimit, ...request, url, headers },
      `repository:${repository}:pull`,
    )
    if (
      answer.status === 200 ||
      (request.stream && answer.status === 206) ||
      (request.tolerate?.(answer) ?? false)
    )
      return answer
    throw refusal(answer, { ...wanted, anonymous: !options.credential })
  }

  const client: RegistryClient = {
    signIn: async () => {
      const opened = await open()
      await opened.signIn()
      return opened.scheme
    },
    resolve: async (repository, reference) => {
      const isDigest = reference.includes(':')
      const name = `${options.host}/${repository}${isDigest ? '@' : ':'}${reference}`
      const path = `/v2/${encodePath(repository)}/manifests/${encodePath(reference)}`
      const request = { method: 'GET', path, headers: { accept: acceptManifests } } as const
      const answer = await ask(repository, request, { kind: isDigest ? 'digest' : 'tag', name })
      return readManifest(answer, name, isDigest ? reference : undefined)
    },
    tags: (repository) =>
      listTags(encodePath(repository), (path) =>
        ask(repository, { method: 'GET', path }, { kind: 'tags', name: `${options.host}/${repository}` }),
      ),
    blobExists: async (repository, digest) => {
      const path = `/v2/${encodePath(repository)}/blobs/${encodePath(digest)}`
      // The registry sends to its storage only for what it has; storage may not answer HEAD at all.
      const tolerate = (answer: Answer) => (answer.trusted ? answer.status === 404 : true)
      const name = `${options.host}/${repository}@${digest}`
      const answer = await ask(repository, { method: 'HEAD', path, tolerate }, { kind: 'blob', name })
      if (answer.status === 404 && answer.trusted) return undefined
      const size = answer.status === 200 ? Number(header(answer, 'content-length') ?? Number.NaN) : Number.NaN
      return { size: Number.isSafeInteger(size) ? size : undefined }
    },
    blob: async (repository, digest, part = {}) => {
      const path = `/v2/${encodePath(repository)}/blobs/${encodePath(digest)}`
      const { attempt, signal } = part
      const request = { method: 'GET', path, headers: rangeHeaders(part), stream: true } as const
      const tolerate = (answer: Answer) => answer.status === 416
      const wanted = { kind: 'blob', name: `${options.host}/${repository}@${digest}` } as const
      return openBlob(await ask(repository, { ...request, tolerate, attempt, signal }, wanted), part)
    },
    close: async () => {
      await Promise.all(closers.splice(0).map((close) => close()))
    },
  }
  return {
    signIn: guarded(client.signIn, secrets),
    resolve: guarded(client.resolve, secrets),
    tags: guarded(client.tags, secrets),
    blobExists: guarded(client.blobExists, secrets),
    blob: guarded(client.blob, secrets),
    close: client.close,
  }
}

interface Ask {
  method: Request['method']
  path: string
  headers?: Record<string, string>
  stream?: boolean
  attempt?: number | undefined
  signal?: AbortSignal | undefined
  /** Answers that are no success, and no failure either. */
  tolerate?: (answer: Answer) => boolean
}

// Path segments keep the colon of a digest, which servers compare without decoding it.
const encodePath = (path: string): string =>
  path
    .split('/')
    .map((segment) => encodeURIComponent(segment).replaceAll('%3A', ':'))
    .join('/')
