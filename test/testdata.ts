import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

// The vectors of independent projects lie beside the checkout, not in it; TESTDATA names another place.
const folder = process.env.TESTDATA ?? fileURLToPath(new URL('../../shared/testdata/', import.meta.url))

// What each file holds as JSON.
const sources = {
  'challenge-parse.json': 'the cases of distribution and oras-go for WWW-Authenticate',
  'digest.json': "the cases of opencontainers/go-digest's digest_test.go",
  'docker-errors.json': 'error texts of docker from public threads, with the class of each',
  'platform-match.json': "the cases of containerd/platforms' platforms_test.go and compare_test.go",
  'reference-normalize.json': "the cases of distribution/reference's normalize_test.go",
  'reference-parse.json': "the cases of distribution/reference's reference_test.go",
}

/** One file of test vectors, parsed; undefined (and a line on standard error) where the folder is absent. */
export const testdata = <T>(name: keyof typeof sources): T | undefined => {
  const path = `${folder.replace(/\/$/, '')}/${name}`
  if (existsSync(path)) return JSON.parse(readFileSync(path, 'utf8')) as T
  console.error(
    `Not tested in this run, for there is no ${path}: ${sources[name]}. They are no part of this repository; TESTDATA names the folder that has them.`,
  )
  return undefined
}
