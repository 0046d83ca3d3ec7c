import { randomBytes } from 'node:crypto'
import { chmod, copyFile, mkdir, open, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { execa } from 'execa'

/** Fills an empty folder with what a layer holds. */
export type Fill = (dir: string) => Promise<void>

/** A layer with busybox and its commands as `/bin/…`. */
export const busybox = async (dir: string): Promise<void> => {
  await mkdir(join(dir, 'bin'))
  await mkdir(join(dir, 'tmp'))
  await chmod(join(dir, 'tmp'), 0o1777)
  await copyFile('/bin/busybox', join(dir, 'bin/busybox'))
  const { stdout } = await execa('/bin/busybox', ['--list'])
  const names = stdout.split('\n').filter((name) => name !== 'busybox')
  await Promise.all(names.map((name) => symlink('/bin/busybox', join(dir, 'bin', name))))
}

/** A layer with one file of text. */
export const textFile =
  (path: string, text: string, mode = 0o644) =>
  async (dir: string): Promise<void> => {
    await mkdir(dirname(join(dir, path)), { recursive: true })
    await writeFile(join(dir, path), text)
    await chmod(join(dir, path), mode)
  }

/** A layer with programs of this machine, by where they go in it, and the libraries that they need. */
export const programs =
  (places: Record<string, string>, ...folders: string[]) =>
  async (dir: string): Promise<void> => {
    const libraries = new Set<string>()
    for (const [place, path] of Object.entries(places)) {
      await mkdir(dirname(join(dir, place)), { recursive: true })
      await execa('cp', ['--dereference', path, join(dir, place)])
      // Fails for a program that needs none.
      const { stdout } = await execa('ldd', [path], { reject: false })
      for (const [, library = ''] of stdout.matchAll(/(\/\S+) \(0x/g)) libraries.add(library)
    }
    if (libraries.size > 0) await execa('cp', ['--dereference', '--parents', ...libraries, dir])
    if (folders.length > 0) await execa('cp', ['--recursive', '--parents', ...folders, dir])
  }

/** A layer with one file of `size` bytes that no compression makes smaller. */
export const randomFile =
  (path: string, size: number) =>
  async (dir: string): Promise<void> => {
    const file = await open(join(dir, path), 'w')
    const chunk = 4 * 1024 * 1024
    for (let left = size; left > 0; left -= chunk) await file.write(randomBytes(Math.min(left, chunk)))
    await file.close()
  }
