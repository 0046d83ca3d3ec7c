import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

// The vectors of independent projects lie beside the checkout, not in it; TESTDATA names another place.
const folder = process.env.TESTDATA ?? fileURLToPath(new URL('../../shared/testdata/', import.meta.url))

/** One file of test vectors, parsed; undefined (and a line on standard error) where the folder is absent. */
export const testdata = <T>(name: string): T | undefined => {
  const path = `${folder.replace(/\/$/, '')}/${name}`
  if (existsSync(path)) return JSON.parse(readFileSync(path, 'utf8')) as T
  console.error(`No test vectors at ${path}: what they cover is not tested in this run.`)
  return undefined
}
