/** What is asked for; decides what a refusal means. */
export interface Subject {
  kind: 'registry' | 'login' | 'token' | 'tag' | 'digest' | 'tags' | 'blob'
  /** As a message names it: `crg.apkg.io/acme/base:1.4`. */
  name: string
  /** Whether no credential was sent. */
  anonymous: boolean
  /**
   * Whether the host has answered like a registry before: its 404 is then about what was asked for, whatever the body.
   */
  proven?: boolean
}

/** One request to a registry or its token server. */
export interface Request {
  subject: Subject
  method: 'GET' | 'HEAD' | 'POST'
  url: URL
  headers?: Record<string, string>
  body?: string
  /** Kept apart from the headers, because it must not follow a redirect to another origin. */
  authorization?: string | undefined
  /** How many bytes of a successful answer are read at most. */
  limit: number
  /** Leaves the body of a successful answer unread, in `stream`. Such a request is sent once. */
  stream?: boolean
  /** Which attempt this is, from 1; for the log. */
  attempt?: number | undefined
  signal?: AbortSignal | undefined
}

/** An answer, whole and in memory unless a stream was asked for. */
export interface Answer {
  status: number
  /** Names in lower case; every value of a field that came several times. */
  headers: ReadonlyMap<string, readonly string[]>
  body: Buffer
  /** The body of a success, if the request asked for a stream; it must be read or ended. */
  stream?: AsyncIterable<Buffer>
  /** Whether the body was longer than the limit, and the rest was not read. */
  truncated: boolean
  /** Where the answer came from, redirects followed. */
  url: URL
  /** Whether no redirect led away from the origin that was asked. */
  trusted: boolean
}

/** Carries out a request. The layers of the client are stacked as functions from one to the next. */
export type Transport = (request: Request) => Promise<Answer>

/** How long a request may take, in milliseconds. */
export interface Timeouts {
  /** To make a connection, TLS included. */
  connect: number
  /** From the request to the head of its answer. */
  headers: number
  /** Between two pieces of a body. */
  body: number
  /** One request and its whole answer. */
  total: number
}

/** The timeouts of a client that is given no others. */
export const defaultTimeouts: Timeouts = { connect: 10_000, headers: 30_000, body: 30_000, total: 120_000 }

/** The first value of a header field, without surrounding white space. */
export const header = (answer: Answer, name: string): string | undefined =>
  answer.headers.get(name)?.[0]?.trim()

/** The media type of the answer in lower case, without its parameters; empty if there is none. */
export const contentType = (answer: Answer): string =>
  (header(answer, 'content-type') ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? ''
