import { digestOf, entry, image, index, manifestAnswer, row, site, types } from '../build.ts'
import { twoReadings } from '../reasons.ts'
import type { Row } from '../row.ts'

const written = (id: string, says: string, write: (json: string) => string, more: Partial<Row> = {}): Row =>
  row(id, says, (own) => site(image(own, { write })), more)

/** JSON as it is written, beyond what it says. */
export const texts: Row[] = [
  written('json-bom', 'a manifest with a byte order mark', (json) => `\xEF\xBB\xBF${json}`),
  written('json-newline', 'a manifest with a newline at its end', (json) => `${json}\n`),
  written('json-blanks', 'a manifest with blanks around it', (json) => ` \r\n\t${json} \n`),
  written('json-behind', 'a manifest with more behind it', (json) => `${json}{}`),
  written('json-zero-behind', 'a manifest with a zero byte behind it', (json) => `${json}\0`),
  written('json-pretty', 'a manifest in many lines', (json) => JSON.stringify(JSON.parse(json), null, 3)),
  written('json-keys-escaped', 'a manifest with escaped letters', (json) =>
    json.replaceAll('"layers"', '"\\u006cayers"'),
  ),
  written(
    'json-layers-twice',
    'a manifest that has "layers" twice, the second right',
    (json) => json.replace('"layers":', '"layers":[],"layers":'),
    { differs: [twoReadings] },
  ),
  written(
    'json-layers-twice-wrong',
    'a manifest that has "layers" twice, the second null',
    (json) => json.replace(/\}$/, ',"layers":null}'),
    { differs: [twoReadings] },
  ),
  written(
    'json-media-type-twice',
    'a manifest that has "mediaType" twice',
    (json) => json.replace(/\}$/, `,"mediaType":"${types.oci.index}"}`),
    { differs: [twoReadings] },
  ),
  written(
    'json-capital-layers',
    'a manifest that has "Layers" beside "layers"',
    (json) => json.replace('"layers":', '"Layers":[],"layers":'),
    { differs: [twoReadings] },
  ),
  written(
    'json-capital-config',
    'a manifest whose config is under "Config"',
    (json) => json.replace('"config":', '"Config":'),
    { differs: [twoReadings] },
  ),
  written('json-utf8', 'a manifest with bytes that are not UTF-8', (json) =>
    json.replace(/\}$/, ',"annotations":{"a":"\xFF"}}'),
  ),
  written('json-size-huge', 'a size of 2^70', (json) =>
    json.replace(/"size":\d+/, '"size":1180591620717411303424'),
  ),
  written('json-comment', 'a manifest with a comment', (json) => `// a manifest\n${json}`),
  written('json-not', 'a manifest that is not JSON', () => 'this is not JSON'),
  written('json-null', 'a manifest that is null', () => 'null'),
  written('json-array', 'a manifest that is []', () => '[]'),
  written('json-empty', 'a manifest that is {}', () => '{}'),
  written('json-html', 'a page, called a manifest', () => '<!DOCTYPE html><html><body>Sign in</body></html>'),
  written('json-yaml', 'a manifest in YAML', () => 'schemaVersion: 2\n'),
  row('json-index-newline', 'an index with a newline at its end', (id) => {
    const of = image(id)
    return site(index([entry(of)], { write: (json) => `${json}\n` }), {}, of)
  }),
  row('json-index-bom', 'an index with a byte order mark', (id) => {
    const of = image(id)
    return site(index([entry(of)], { write: (json) => `\xEF\xBB\xBF${json}` }), {}, of)
  }),
  row(
    'sha512-by-reference',
    'an image, asked for by its digest in sha512',
    (id) => {
      const of = image(id)
      const digest = digestOf(of.bytes, 'sha512')
      return {
        ...site(of),
        manifests: { [digest]: manifestAnswer(of, { headers: { 'Docker-Content-Digest': digest } }) },
      }
    },
    { reference: `@${digestOf(image('sha512-by-reference').bytes, 'sha512')}` },
  ),
  row('tag-unknown', 'no such tag', () => ({ manifests: {}, blobs: {} })),
]
