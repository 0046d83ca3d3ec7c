import { errorAnswer, image, manifestAnswer, row, site, withBlobs } from '../build.ts'
import { plainText, unseen } from '../reasons.ts'
import { otherHost, type Request, type Row, type Served } from '../row.ts'

/** Where the row's repository has it under another name. */
const beside = ({ host, path }: Request) => `https://${host}${path.replace(/[^/]*$/, 'elsewhere')}`

interface MoveOptions {
  status?: number
  /** Which blob it is: the config is the first. */
  at?: number
  more?: Partial<Row>
}

/** An image of which one blob is elsewhere. */
const moved = (
  id: string,
  says: string,
  location: (request: Request) => string,
  { status = 307, at = 1, more }: MoveOptions = {},
): Row =>
  row(
    id,
    says,
    (own) => {
      const plain = site(image(own))
      const target = Object.values(plain.blobs)[at] ?? {}
      const redirect: Served = (request) => ({ status, headers: { Location: location(request) } })
      const blobs = withBlobs(plain, (answer, place) => (place === at ? redirect : answer)).blobs
      return { ...plain, blobs: { ...blobs, elsewhere: target } }
    },
    more,
  )

/** Redirects of blobs and manifests. */
export const redirects: Row[] = [
  moved('redirect-307', 'the layer is elsewhere on the host', beside),
  moved('redirect-302', 'the layer is elsewhere: 302', beside, { status: 302 }),
  moved('redirect-301', 'the layer is elsewhere: 301', beside, { status: 301 }),
  moved('redirect-303', 'the layer is elsewhere: 303', beside, { status: 303 }),
  moved('redirect-308', 'the layer is elsewhere: 308', beside, { status: 308 }),
  moved('redirect-path', 'the layer is elsewhere, by a path', (request) => new URL(beside(request)).pathname),
  moved('redirect-beside', 'the layer is elsewhere, by a name beside it', () => 'elsewhere'),
  moved('redirect-scheme', 'the layer is elsewhere, by host and path', (request) =>
    beside(request).slice('https:'.length),
  ),
  moved('redirect-config', 'the config is elsewhere', beside, { at: 0 }),
  moved('redirect-nowhere', 'the layer is elsewhere, and it is not said where', () => '', {
    more: { differs: [unseen] },
  }),
  moved(
    'redirect-fragment',
    'the layer is elsewhere, with a fragment',
    (request) => `${beside(request)}#part`,
  ),
  moved(
    'redirect-plain',
    'the layer is elsewhere, in plain text',
    (request) => beside(request).replace('https:', 'http:'),
    {
      more: { differs: [plainText] },
    },
  ),
  moved('redirect-loop', 'the layer is where it was', ({ host, path }) => `https://${host}${path}`, {
    more: { differs: [unseen] },
  }),
  row('redirect-other-host', 'the layer is at another host, which takes no login', (id) => {
    const plain = site(image(id))
    const target = `https://${otherHost}/${id}`
    const paths: Record<string, Served> = {}
    const { blobs } = withBlobs(plain, (answer, at) => {
      if (at !== 1) return answer
      paths[target] = ({ headers }) =>
        headers.authorization ? errorAnswer(400, 'UNSUPPORTED', 'no login') : answer
      return { status: 307, headers: { Location: target } }
    })
    return { ...plain, blobs, paths }
  }),
  row('redirect-manifest', 'the manifest is elsewhere on the host', (id) => {
    const of = image(id)
    const redirect: Served = (request) => ({ status: 307, headers: { Location: beside(request) } })
    return { ...site(of), manifests: { 1: redirect, [of.digest]: redirect, elsewhere: manifestAnswer(of) } }
  }),
]
