import { type Duplex, pipeline } from 'node:stream'
import {
  createBrotliDecompress,
  createInflate,
  createInflateRaw,
  createUnzip,
  createZstdDecompress,
} from 'node:zlib'

/** The codings of a body to undo, from the values of Content-Encoding. */
export const codingsOf = (values: readonly string[]): string[] =>
  values
    .flatMap((value) => value.split(','))
    .map((coding) => coding.trim().toLowerCase())
    .filter((coding) => coding !== '' && coding !== 'identity')

/**
 * Undoes the codings of a body (RFC 9110, section 8.4.1). None is ever asked for, but servers and caches send them all
 * the same, and engines undo them. From a coding on that nobody knows, the bytes are left as they are: their digest, or
 * who reads them, tells whether they are in any. Reading throws the decoder's error if the bytes are not in the coding
 * that was stated.
 */
export const decode = (body: AsyncIterable<Buffer>, codings: readonly string[]): AsyncIterable<Buffer> => {
  const last = codings.at(-1)
  const decoder = last !== undefined && isUndone(last) ? decoders[last] : undefined
  // In the order in which they were applied: the last one is undone first.
  return decoder ? decode(decodeOne(body, decoder), codings.slice(0, -1)) : body
}

/** Whether `decode` undoes a coding. */
export const isUndone = (coding: string): boolean => Object.hasOwn(decoders, coding)

type Decoder = (first: Buffer) => Duplex

const decoders: Readonly<Record<string, Decoder>> = {
  gzip: () => createUnzip(),
  'x-gzip': () => createUnzip(),
  // The format of zlib (RFC 1950) is meant, but some servers send it without its head.
  deflate: ([first = 0]) => ((first & 0x0f) === 8 ? createInflate() : createInflateRaw()),
  br: () => createBrotliDecompress(),
  zstd: () => createZstdDecompress(),
}

async function* decodeOne(encoded: AsyncIterable<Buffer>, decoder: Decoder): AsyncGenerator<Buffer> {
  const source = encoded[Symbol.asyncIterator]()
  const first = await source.next()
  // Nothing is nothing in every coding, but no decoder takes it.
  if (first.done) return
  async function* whole() {
    try {
      for (let next: IteratorResult<Buffer> = first; !next.done; next = await source.next()) yield next.value
    } finally {
      await source.return?.()
    }
  }
  // An error of the source comes out of the decoder.
  yield* pipeline(whole, decoder(first.value), () => {})
}
