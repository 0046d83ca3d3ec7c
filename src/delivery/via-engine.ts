import type { Credential } from '../credential.ts'
import type { DeliveredImage } from '../delivered.ts'
import type { Engine } from '../engine/engine.ts'
import type { EngineImages } from '../engine/listed.ts'
import { asPipeError, type Code, PipeError } from '../errors.ts'
import type { ImageReference } from '../image/reference.ts'
import { nextMayFind, nextMayRead } from '../lookup/credentials.ts'
import type { Failure } from '../lookup/failure.ts'
import type { Lookup } from '../lookup/lookup.ts'
import type { Resolved } from '../lookup/resolve.ts'
import { adopt, adopted } from './adopt.ts'
import type { Delivery } from './delivery.ts'
import { type Fitting, misfitOf, oddlySent, warnOfMisfit } from './fit.ts'
import { pullImage } from './pull.ts'
import type { SignIns } from './sign-in.ts'
import type { Tools } from './tools.ts'
import { unseenRealm } from './unseen-realm.ts'

interface Around extends Tools, Fitting {
  signIns: SignIns
  lookup: Lookup
  present: EngineImages
  /** The folder of STORE. */
  store: string | undefined
  /** AUTH_REALM_HOSTS, when set. */
  authRealmHosts: readonly string[] | undefined
  /** See `pullImage`. */
  counted: Set<string>
}

/** Delivers an image without the store: the engine has it already, or pulls it. */
export const viaEngine = async (
  { image, source }: Delivery,
  around: Around,
): Promise<DeliveredImage | PipeError> => {
  const { lookup } = around
  if (source.from === 'nowhere') return source.error
  if (source.from === 'engine') {
    const started = performance.now()
    return adopted(image, source, { named: await adopt(image, source, around), started })
  }
  if (source.from === 'store' || source.from === 'unknown') {
    const refused = unseenRealm(image, 'error' in source ? source.error : undefined, around)
    if (refused !== undefined) return refused
  }
  // If the store can only be read here, let the engine pull what is damaged in it.
  if (source.from === 'store') return pullAnyhow({ ...image, digest: source.stored.digest }, around)
  if (source.from === 'unknown') {
    warnOfUnknown(image, source.error, around)
    const result = inWords(await pullAnyhow(image, around), source.error)
    return source.isHere && result instanceof PipeError
      ? result.with({ hint: `${result.hint} ${WAY_OUT}` })
      : result
  }
  const { resolved } = source
  const credentials = new Set([resolved.credential, ...lookup.credentials(image)])
  return pullWith([...credentials], image, { resolved, around })
}

const WAY_OUT =
  'An image of this name is here: PULL_POLICY: [always, missing] takes it where the registry cannot be reached.'

// A registry that answers a login oddly may still let an engine pull without one.
const pullAnyhow = async (image: ImageReference, around: Around): Promise<DeliveredImage | PipeError> => {
  const credentials = around.lookup.credentials(image)
  const result = await pullWith(credentials, image, { resolved: undefined, around })
  if (!(result instanceof PipeError && ODD_LOGIN.includes(result.code)) || credentials.includes(undefined))
    return result
  const open = await pullWith([undefined], image, { resolved: undefined, around })
  return open instanceof PipeError ? result : open
}

// Engines of the classic store ask in vain for a minute and more before they say so: no third token.
const tokenEnded = (error: unknown): never => {
  if (!nextMayRead(error)) throw error
  throw new PipeError('PKG-TOKEN-ENDED', error.message, { said: error.said, cause: error })
}

const ODD_LOGIN: readonly Code[] = ['PKG-NOT-A-REGISTRY', 'PKG-ENGINE', 'PKG-AUTH-REFUSED']

/** Has the engine pull with one credential after another, in the order in which the lookup asks. */
const pullWith = async (
  credentials: ReadonlyArray<Credential | undefined>,
  image: ImageReference,
  { resolved, around }: { resolved: Resolved | undefined; around: Around },
): Promise<DeliveredImage | PipeError> => {
  const { signIns, lookup, counted } = around
  const failures: Failure[] = []
  for (const credential of credentials) {
    try {
      // At the same time as the login, which takes as long.
      const [engine, misfit] = await Promise.all([
        signIns.engineFor(credential, image.path),
        resolved && fits(image, resolved, around),
      ])
      const pull = (by: Engine) => pullImage(image, { resolved, credential, engine: by, counted }, around)
      return (
        misfit ??
        (await pull(engine).catch(async (error) => {
          // A token may end while a large image is pulled.
          const renewed = nextMayRead(error) ? await signIns.renew(credential, image.path) : undefined
          if (renewed === undefined) throw error
          return pull(renewed).catch(tokenEnded)
        }))
      )
    } catch (thrown) {
      const failure = { credential, error: wordsFor(asPipeError(thrown), image, resolved) }
      if (!nextMayFind(failure)) return lookup.explain([failure, ...failures], image)
      failures.push(failure)
    }
  }
  return lookup.explain(failures, image)
}

// An engine takes what it cannot read for the format of 2015, or for no answer of a registry.
const wordsFor = (error: PipeError, image: ImageReference, resolved: Resolved | undefined): PipeError => {
  const odd = resolved && oddlySent(image, resolved)
  return odd && UNREAD.includes(error.code) ? odd.with({ said: error.said }) : error
}

const UNREAD: readonly Code[] = ['PKG-SCHEMA1', 'PKG-NOT-A-REGISTRY', 'PKG-MANIFEST', 'PKG-ENGINE']

const fits = async (
  image: ImageReference,
  resolved: Resolved,
  around: Around,
): Promise<PipeError | undefined> => {
  // The engine may still pull if it does not answer this.
  const misfit = await misfitOf(image, resolved, around).catch(() => undefined)
  if (misfit === undefined || misfit.isFatal) return misfit?.error
  warnOfMisfit(misfit, around.log)
  return undefined
}

const warnOfUnknown = (image: ImageReference, error: PipeError, { store, log }: Around) => {
  const said = error.said === undefined ? '' : ` (${error.said})`
  const why = error.unclear ? ` ${error.why}` : ''
  const kept = store === undefined ? '' : `; it will not be in ${store}`
  log.warning(
    `${image.name} could not be looked up, the engine will try${kept}: ${error.message}${said}${why}`,
  )
}

// If neither the pipe nor the engine understands the answer, the pipe explains it better.
const inWords = (result: DeliveredImage | PipeError, unclear: PipeError): DeliveredImage | PipeError =>
  'code' in result && result.code === 'PKG-ENGINE' && unclear.unclear
    ? unclear.with({ said: result.said, unclear: false })
    : result
