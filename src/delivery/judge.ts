import type { DeliveredImage } from '../delivered.ts'
import { PipeError } from '../errors.ts'
import type { Log } from '../report/log.ts'
import type { Delivery } from './delivery.ts'
import { type Fitting, foreign, notChosen, platformFrom, warnOfMisfit } from './fit.ts'

/**
 * Judges a delivered image by the platform that it has in the engine. Two kinds of images need no look: one that was
 * chosen from an index, and one whose configuration was judged before the pull.
 */
export const judge = async (
  { image, source, result }: Delivery,
  isPulled: boolean,
  { log, ...fitting }: Fitting & { log: Log },
): Promise<DeliveredImage | PipeError | undefined> => {
  if (result === undefined || result instanceof PipeError) return result
  const resolved = 'resolved' in source ? source.resolved : undefined
  const wasSeen = isPulled && source.from === 'registry' && (await source.resolved.runsOn()) !== undefined
  const platform = wasSeen || resolved?.platform !== undefined ? undefined : platformFrom(result.platform)
  if (platform === undefined) return result
  if (fitting.chosen !== undefined) return notChosen(image, platform, fitting.chosen) ?? result
  // If the engine does not tell its own platform, there is nothing to compare.
  const misfit = await foreign(image, platform, fitting).catch(() => undefined)
  if (misfit?.isFatal) return misfit.error
  if (misfit !== undefined) warnOfMisfit(misfit, log)
  return result
}
