import { Header } from 'tar/header'
import { Pax } from 'tar/pax'

/**
 * The header of a plain file in a tar archive (POSIX ustar). Sizes of 8 GiB and more are in base 256, as GNU tar, bsdtar
 * and Go have them; names of more than 100 bytes, such as those of SHA-512 blobs, are in a pax header before it. The
 * same name and size always give the same bytes.
 */
export const tarHeader = (name: string, size: number): Buffer => {
  const header = new Header({
    path: name,
    size,
    mode: 0o644,
    uid: 0,
    gid: 0,
    mtime: new Date(0),
    type: 'File',
  })
  // It returns whether a pax header is advised, which is so for large sizes too; every reader takes those as they are.
  header.encode()
  if (header.block === undefined) throw new TypeError(`No tar header was made for ${name}`)
  return isLong(name) ? Buffer.concat([new Pax({ path: name }).encode(), header.block]) : header.block
}

// Ustar can split some longer names at a slash; one way for all of them is simpler.
const isLong = (name: string): boolean => Buffer.byteLength(name) > 100

/** The bytes between a file of this size and the next header. */
export const tarPadding = (size: number): Buffer => Buffer.alloc((BLOCK - (size % BLOCK)) % BLOCK)

/** The end of an archive. */
export const tarEnd = (): Buffer => Buffer.alloc(2 * BLOCK)

const BLOCK = 512
