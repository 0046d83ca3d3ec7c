import { type Duplex, pipeline } from 'node:stream'
import {
  createBrotliDecompress,
  createInflate,
  createInflateRaw,
  createUnzip,
  createZstdDecompress,
} from 'node:zlib'
import { PipeError } from '../../errors.ts'

/** The codings of a body to undo, from the values of Content-Encoding. */
export const codingsOf = (values: readonly string[]): string[] =>
  values
    .flatMap((value) => value.split(','))
    .map((coding) => coding.trim().toLowerCase())
    .filter((coding) => coding !== '' && coding !== 'identity')

/**
 * Undoes the codings of a body (RFC 9110, section 8.4.1). None is ever asked for, but servers and caches send them all
 * the same, and engines undo them. Reading throws the decoder's error if the bytes are not in the coding that was
 * stated.
 *
 * @throws {PipeError} PKG-NOT-A-REGISTRY for a coding that is not known
 */
export const decode = (body: AsyncIterable<Buffer>, codings: readonly string[], url: URL) =>
  // In the order in which they were applied: the last one is undone first.
  codings.reduceRight((encoded, coding) => {
    const decoder = decoders[coding]
    if (decoder) return decodeOne(encoded, decoder)
    throw new PipeError('PKG-NOT-A-REGISTRY', `${url.host} sends a coding that nobody asked for`, {
      said: `Content-Encoding: ${coding}`,
    })
  }, body)

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
