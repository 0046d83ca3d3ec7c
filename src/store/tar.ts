/**
 * The header of a plain file in a tar archive (POSIX.1-1988, "ustar"; sizes of 8 GiB and more in base 256, as GNU
 * tar, bsdtar and Go write and read them). Written here because nothing else is needed: no folder, no link, no
 * name above 100 bytes. The libraries that do it bring up to a dozen packages with them.
 */
export const tarHeader = (name: string, size: number): Buffer => {
  if (Buffer.byteLength(name) > 100) throw new TypeError(`${name} is too long for a tar header`)
  const header = Buffer.alloc(BLOCK)
  header.write(name, 0)
  header.write('0000644\0', 100)
  header.write('0000000\0', 108)
  header.write('0000000\0', 116)
  writeSize(header, size)
  header.write('00000000000\0', 136)
  header.write('        ', 148)
  header.write('0', 156)
  header.write('ustar\u000000', 257)
  const sum = header.reduce((total, byte) => total + byte, 0)
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  return header
}

/** What follows a file of this size, up to the next header. */
export const tarPadding = (size: number): Buffer => Buffer.alloc((BLOCK - (size % BLOCK)) % BLOCK)

/** What ends an archive. */
export const tarEnd = (): Buffer => Buffer.alloc(2 * BLOCK)

const BLOCK = 512
const LARGEST_OCTAL = 8 ** 11

const writeSize = (header: Buffer, size: number) => {
  if (size < LARGEST_OCTAL) {
    header.write(`${size.toString(8).padStart(11, '0')}\0`, 124)
  } else {
    header.writeUInt8(0x80, 124)
    header.writeBigUInt64BE(BigInt(size), 128)
  }
}
