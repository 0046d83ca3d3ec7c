import type { Row } from './row.ts'
import { artifacts } from './rows/artifacts.ts'
import { configs } from './rows/configs.ts'
import { contentDigests, contentTypes, encodings } from './rows/headers.ts'
import { pings, realms } from './rows/hosts.ts'
import { indexes } from './rows/indexes.ts'
import { layers } from './rows/layers.ts'
import { mediaTypes } from './rows/media-types.ts'
import { redirects } from './rows/redirects.ts'
import { schema1Rows } from './rows/schema1.ts'
import { texts } from './rows/texts.ts'

/** Every document of the oracle, by group. */
export const groups: Record<string, readonly Row[]> = {
  'media types': mediaTypes,
  'content types': contentTypes,
  'digests in headers': contentDigests,
  encodings,
  'ping and login': pings,
  redirects,
  indexes,
  configs,
  layers,
  'schema 1': schema1Rows,
  texts,
  artifacts,
}

export const table: readonly Row[] = Object.values(groups).flat()

/** The same, and registries that send the engine elsewhere than the pipe: of these nobody is asked by every way. */
export const served: readonly Row[] = [...table, ...realms]
