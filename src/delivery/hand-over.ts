import { credentialName } from '../credential.ts'
import type { DeliveredImage } from '../delivered.ts'
import type { EngineImage } from '../engine/images.ts'
import type { EngineImages } from '../engine/listed.ts'
import { asPipeError, PipeError } from '../errors.ts'
import type { Lookup } from '../lookup/lookup.ts'
import type { Settings } from '../settings/settings.ts'
import type { Store } from '../store/store.ts'
import { size } from '../units.ts'
import { adopt, adopted, type Named } from './adopt.ts'
import { type Delivery, deliveredImage } from './delivery.ts'
import { type Kept, keepAll } from './keep.ts'
import { loadAll } from './load.ts'
import { localName } from './names.ts'
import { type StoreRequest, storeRequest } from './store-request.ts'
import type { Tools } from './tools.ts'

interface Around extends Tools, Pick<Settings, 'pullPolicies'> {
  store: Store
  lookup: Lookup
  present: EngineImages
}

/** An image on its way through the store. */
interface Handing {
  delivery: Delivery
  request: StoreRequest | undefined
  /** For an image that the engine has already: it gets its name while the store gets its blobs. */
  named: Promise<Named | PipeError> | undefined
  kept?: Kept
}

/**
 * Brings images into the store and from there into the engine: one round of transfers, one `docker load`. An image that
 * the store cannot take in, because this step may only read it, is left to the engine and gets no result here; so is an
 * image that does not concern the store.
 */
export const handOver = async (deliveries: readonly Delivery[], around: Around): Promise<void> => {
  const started = performance.now()
  const { store } = around
  const handings = deliveries.map((delivery): Handing => {
    const { image, source } = delivery
    const named = source.from === 'engine' ? adopt(image, source, around).catch(asPipeError) : undefined
    return { delivery, request: storeRequest(delivery, around), named }
  })
  const requests = handings.flatMap(({ request }) => request ?? [])
  const results = await keepAll(requests, store, around)
  for (const handing of handings) {
    const result = handing.request && results.get(handing.request)
    if (result instanceof PipeError) refuse(handing, result, around)
    else if (result !== undefined) handing.kept = result
    await settle(handing, started, around)
  }

  const open = handings.filter(({ delivery }) => delivery.result === undefined)
  const loads = await loadAll(
    open.flatMap(({ kept }) => kept?.whole ?? []),
    store,
    around,
  )
  for (const { delivery, kept } of open) {
    const found = kept && loads.get(kept.whole)
    if (kept === undefined || found === undefined) continue
    if (found instanceof PipeError) {
      delivery.result = found
      continue
    }
    const image = loaded(delivery, kept, { found, started })
    delivery.result = image
    around.log.info(loadedLine(image, store.shown))
  }
}

// The engine may still be able to pull what the store may not take in.
const refuse = ({ delivery, request }: Handing, error: PipeError, { store, lookup, log }: Around) => {
  const { image } = delivery
  const explained = lookup.explain([{ credential: request?.credentials[0], error }], image)
  if (explained.code !== 'PKG-STORE') delivery.result = explained
  else log.warning(`${image.name} is not kept in ${store.shown}: ${explained.message} ${explained.why}`)
}

// An image that the engine has is delivered, whether or not the store could take it in.
const settle = async ({ delivery, named, kept }: Handing, started: number, { store, log }: Around) => {
  const { image, source } = delivery
  if (source.from !== 'engine' || named === undefined) return
  // The registry was not asked about an image that the engine has, so the store cannot get it.
  if (source.resolved === undefined && source.stored === undefined)
    log.warning(
      `${localName(image)} is in the engine and not in ${store.shown}; PULL_POLICY: always puts it there`,
    )
  const there = await named
  delivery.result ??=
    there instanceof PipeError ? there : adopted(image, source, { named: there, kept, started })
}

const loaded = ({ image, source }: Delivery, kept: Kept, { found, started }: Loaded): DeliveredImage => {
  const { whole, transferred, attempts } = kept
  const resolved = 'resolved' in source ? source.resolved : undefined
  return deliveredImage({
    image,
    found,
    reference: localName(image),
    resolved,
    stored: whole,
    credential: resolved?.credential,
    source: transferred > 0 ? 'registry' : 'store',
    bytesTransferred: transferred,
    attempts: Math.max(1, attempts),
    started,
  })
}

const loadedLine = (
  { reference, digest, platform, credential, bytesTransferred }: DeliveredImage,
  shown: string,
) => {
  const by = credential === null ? '' : ` with ${credentialName(credential)}`
  return `Loaded ${reference}${by} from ${shown}: ${digest}, ${platform}, ${size(bytesTransferred ?? 0)} transferred`
}

interface Loaded {
  found: EngineImage
  started: number
}
