import { randomUUID } from 'node:crypto'
import { rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** A wrong answer, for requests of steps that were opened with `front: true`. */
export interface Fault {
  id: string
  /** A regular expression on host and path, such as `^crg.apkg.io/v2/acme/base/blobs/`. */
  path: string
  method?: string
  /** How often it happens; always unless told. */
  times?: number
  /** Answers this instead of the registry. */
  status?: number
  /** An object is sent as JSON. */
  body?: string | object
  /** Added to the answer, whoever gives it. */
  headers?: Record<string, string>
  /** Waits this long first, in milliseconds. */
  delay?: number
  /** Breaks the connection after so many bytes of the body. */
  cutAfter?: number
  /** Changes one bit of the byte at this place of the body. */
  flipAt?: number
  /** Slows the body down. */
  bytesPerSecond?: number
}

/** Replaces the faults; an empty list makes everything well again. */
export const setFaults = async (
  world: { dir: string },
  faults: readonly Omit<Fault, 'id'>[],
): Promise<void> => {
  const path = join(world.dir, 'faults.json')
  // Renamed into place, because the other process reads it at any time.
  await writeFile(`${path}.new`, JSON.stringify(faults.map((fault) => ({ id: randomUUID(), ...fault }))))
  await rename(`${path}.new`, path)
}

/** The body of an error as registries give it (distribution-spec, error codes). */
export const registryError = (code: string, message: string) => ({
  errors: [{ code, message, detail: null }],
})
