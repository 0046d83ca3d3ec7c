/** Whether a layer with this beginning is gzip (RFC 1952, section 2.3.1), whatever its media type says. */
export const isGzip = (head: Buffer): boolean => head.length >= 3 && head.readUIntBE(0, 3) === 0x1f8b08

/** Whether it is Zstandard (RFC 8878, section 3.1), which may begin with a frame that holds no data. */
export const isZstd = (head: Buffer): boolean => {
  const magic = head.length >= 4 ? head.readUInt32LE(0) : 0
  return magic === ZSTD || (magic & ~0xf) === SKIPPABLE
}

const ZSTD = 0xfd2fb528
const SKIPPABLE = 0x184d2a50

/**
 * The size in bytes that gzip states at its end (RFC 1952, "ISIZE"). It is wrong from 4 GiB on, and if several
 * compressed members follow each other.
 */
export const gzipSize = (last4: Buffer): number | undefined =>
  last4.length === 4 ? last4.readUInt32LE(0) : undefined

/**
 * The size in bytes that the first frame of Zstandard states (RFC 8878, section 3.1.1.1, "Frame_Content_Size").
 *
 * @param head the first 18 bytes; no frame header is longer
 * @returns undefined if this is no such frame, or if its encoder did not know the size yet
 */
export const zstdSize = (head: Buffer): number | undefined => {
  if (head.length < 6 || head.readUInt32LE(0) !== ZSTD) return undefined
  const descriptor = head.readUInt8(4)
  const hasWindow = (descriptor & 0x20) === 0
  const dictionary = [0, 1, 2, 4][descriptor & 3] ?? 0
  const at = 5 + (hasWindow ? 1 : 0) + dictionary
  const length = [hasWindow ? 0 : 1, 2, 4, 8][descriptor >> 6] ?? 0
  if (length === 0 || head.length < at + length) return undefined
  if (length === 8) return Number(head.readBigUInt64LE(at))
  return head.readUIntLE(at, length) + (length === 2 ? 256 : 0)
}
