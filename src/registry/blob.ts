import { type Answer, header } from './http/transport.ts'

export interface BlobOptions {
  /** The first byte that is wanted. */
  from?: number | undefined
  /** The strong ETag of the blob from which the bytes before it came. */
  etag?: string | undefined
  /** Which attempt this is, from 1; for the log. */
  attempt?: number | undefined
  signal?: AbortSignal | undefined
}

/** What a server sends of a blob. */
export interface BlobStream {
  /** Where `body` begins: 0 if the server sends the whole blob, whatever it was asked for. */
  from: number
  /** Size of the whole blob in bytes, if the server tells it. */
  size: number | undefined
  /** A strong ETag, to go on with the very same bytes. */
  etag: string | undefined
  /** Throws a `PipeError` if the connection breaks. */
  body: AsyncIterable<Buffer>
}

/** The fields of a request for the rest of a blob (RFC 9110, sections 13.1.5 and 14.2). */
export const rangeHeaders = ({ from = 0, etag }: BlobOptions): Record<string, string> =>
  from === 0 ? {} : { range: `bytes=${from}-`, ...(etag !== undefined && { 'if-range': etag }) }

/**
 * Opens the answer to a request for a blob. A part that begins elsewhere than it was asked for, and a refusal of any
 * part (416), come as an empty stream from 0: the reader then starts over.
 */
export const openBlob = async (answer: Answer, { from = 0 }: BlobOptions): Promise<BlobStream> => {
  const { status, stream = nothing() } = answer
  const etag = strong(header(answer, 'etag'))
  if (status === 200) return { from: 0, size: lengthOf(answer), etag, body: stream }
  const [, first, total] = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(header(answer, 'content-range') ?? '') ?? []
  if (status === 206 && from > 0 && Number(first) === from)
    return { from, size: total === '*' ? undefined : Number(total), etag, body: stream }
  // Leaving the loop ends the connection.
  for await (const _ of stream) break
  return { from: 0, size: undefined, etag: undefined, body: nothing() }
}

// RFC 9110, section 8.8.3; whatever else stands there cannot be sent back.
const strong = (etag: string | undefined) => (/^"[\x21\x23-\x7e]*"$/.test(etag ?? '') ? etag : undefined)

const lengthOf = (answer: Answer): number | undefined => {
  const length = header(answer, 'content-length')
  return length !== undefined && /^\d{1,15}$/.test(length) ? Number(length) : undefined
}

async function* nothing(): AsyncGenerator<Buffer> {
  yield* []
}
