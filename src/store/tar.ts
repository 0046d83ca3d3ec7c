import { Header } from 'tar/header'
import { Pax } from 'tar/pax'

/**
 * The header of a plain file in a tar archive (POSIX ustar; sizes of 8 GiB and more in base 256, as GNU tar, bsdtar
 * and Go write and read them; names of more than 100 bytes, as those of blobs by SHA-512 are, in a header of pax before
 * it). The same for the same name and size, whenever it is made.
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
  // Its answer, whether a pax header should be added, is about large sizes, which every reader knows as they are.
  header.encode()
  if (header.block === undefined) throw new TypeError(`No tar header was made for ${name}`)
  return isLong(name) ? Buffer.concat([new Pax({ path: name }).encode(), header.block]) : header.block
}

// Ustar can hold some names of more bytes, split at a slash; two ways to write one name are one too many.
const isLong = (name: string): boolean => Buffer.byteLength(name) > 100

/** What follows a file of this size, up to the next header. */
export const tarPadding = (size: number): Buffer => Buffer.alloc((BLOCK - (size % BLOCK)) % BLOCK)

/** What ends an archive. */
export const tarEnd = (): Buffer => Buffer.alloc(2 * BLOCK)

const BLOCK = 512
