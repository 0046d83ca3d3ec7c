import type { DeliveredImage } from '../delivered.ts'
import { PipeError } from '../errors.ts'
import type { Log } from '../report/log.ts'
import type { Delivery } from './delivery.ts'
import { type Fitting, foreign, notChosen, platformFrom, warnOfMisfit } from './fit.ts'

/**
 * What became of an image, by the platform that it has in the engine. Of an index the right image was taken, and a
 * configuration that could be read was looked at before the pull; this is for all others.
 */
export const judge = async (
  { image, source }: Delivery,
  result: DeliveredImage | PipeError,
  { log, ...fitting }: Fitting & { log: Log },
): Promise<DeliveredImage | PipeError> => {
  if (result instanceof PipeError) return result
  const resolved = 'resolved' in source ? source.resolved : undefined
  const platform = resolved?.platform === undefined ? platformFrom(result.platform) : undefined
  if (platform === undefined) return result
  if (fitting.chosen !== undefined) return notChosen(image, platform, fitting.chosen) ?? result
  const misfit = await foreign(image, platform, fitting)
  if (misfit?.isFatal) return misfit.error
  if (misfit !== undefined) warnOfMisfit(misfit, log)
  return result
}
