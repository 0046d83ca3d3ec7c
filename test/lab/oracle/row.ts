import type { IncomingHttpHeaders } from 'node:http'
import type { EngineName } from '../engines/engines.ts'

/** What a server sends; the length and nothing else is added to it. */
export interface Answer {
  status?: number
  /** A list is sent as several fields of that name. */
  headers?: Record<string, string | string[]>
  body?: Buffer
  /** Breaks the connection after so many bytes of the body; its length was announced as whole. */
  cutAfter?: number
  /** Leaves the length out. */
  chunked?: boolean
}

/** What was asked of a server. */
export interface Request {
  method: string
  host: string
  path: string
  headers: IncomingHttpHeaders
}

/** An answer, or how it depends on what is asked. */
export type Served = Answer | ((request: Request) => Answer)

/** What a registry holds below one repository. */
export interface Site {
  /** By tag or digest. */
  manifests: Record<string, Served>
  /** By digest. */
  blobs: Record<string, Served>
  /** Other paths of the host, from `/` on, or of the other host, from `https://` on; taken first. */
  paths?: Record<string, Served>
  /** What comes before all else where it answers. */
  gate?: (request: Request) => Answer | undefined
}

/** The ways by which the pipe is asked for an image. */
export const ways = ['pull', 'STORE', 'CHECK_ONLY'] as const
export type Way = (typeof ways)[number]

/** Where the pipe is right to do otherwise than the engine. */
export interface Difference {
  /** All ways unless told. */
  ways?: readonly Way[]
  /** All engines unless told. */
  engines?: readonly EngineName[]
  /** What it does, or may do, although the engine does the opposite. */
  pipe: 'refuses' | 'may refuse' | 'delivers' | 'may deliver'
  /** The reason, which is one of security where it refuses. */
  why: string
}

/** One document of the table. */
export interface Row {
  /** Names the row, its repository and, where it has one of its own, its host. */
  id: string
  /** What the registry has, or does, in a sentence. */
  says: string
  site: Site
  /** What follows the repository's name in IMAGE; `:1` unless told. */
  reference?: string
  /** Whether it has a host of its own, because it is about more than its repository. */
  ownHost?: boolean
  /** Whether `docker login` comes before `docker pull`. */
  login?: boolean
  differs?: readonly Difference[]
  /** The engines that it breaks for all that comes after it, by faults of their own: it is not asked of them. */
  breaks?: readonly EngineName[]
}

/** The registry of all rows that have none of their own. */
export const sharedHost = 'oracle.apkg.test'

/** A host that has no repository: blobs of others are there. */
export const otherHost = `elsewhere.${sharedHost}`

export const hostOf = (row: Row): string => (row.ownHost ? `${row.id}.${sharedHost}` : sharedHost)
export const repositoryOf = (row: Row): string => `acme/${row.id}`
export const referenceOf = (row: Row): string => row.reference ?? ':1'
export const imageOf = (row: Row): string => `${hostOf(row)}/${repositoryOf(row)}${referenceOf(row)}`
