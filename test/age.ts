import { readdirSync, utimesSync } from 'node:fs'
import { join } from 'node:path'

/** Gives every file in a folder a time so many hours from now: by default one that housekeeping takes for old. */
export const age = (folder: string, hours = -2): void => {
  const then = Date.now() / 1000 + hours * 3600
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true }))
    if (entry.isFile()) utimesSync(join(entry.parentPath, entry.name), then, then)
}
