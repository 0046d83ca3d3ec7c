import { randomUUID } from 'node:crypto'
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { DeliveredImage } from '../delivered.ts'
import { asPipeError, type PipeError } from '../errors.ts'
import { fileError } from '../file-error.ts'
import { VERSION } from '../identity.ts'
import type { Secrets } from '../secrets.ts'
import { outputDirOf, wantsOutputVariables } from '../settings/early.ts'
import { type Environment, lookUp } from '../settings/environment.ts'
import { shown } from '../text.ts'
import type { Log } from './log.ts'
import { appendOutputVariables } from './output-variables.ts'

/** How the commands of `RUN` ended. */
export interface Ran {
  exitCode: number
  seconds: number
}

/** What a run leaves behind for the later script lines. */
export interface Result {
  /** One entry for each image asked for, in that order; null where the image is not in the engine. */
  images: ReadonlyArray<DeliveredImage | null>
  error: PipeError | undefined
  /** How the commands of `RUN` ended; null if they did not get that far, absent before they run and without them. */
  ran?: Ran | null
}

interface Around {
  env: Environment
  log: Log
  mask: Secrets['mask']
}

/**
 * Writes what a run leaves behind: `images.env` and `result.json` in the output folder, and, if the user asks for it,
 * the image variables at the end of the step's file of output variables.
 *
 * @returns what could not be written
 */
export const report = (result: Result, { env, log, mask }: Around): PipeError[] => {
  const variables = imageVariables(result.images)
  const errors = into(outputDirOf(env), (folder) => {
    writeWhole(join(folder, 'images.env'), variables)
    writeWhole(join(folder, 'result.json'), resultJson(result, mask))
    // Nobody looks into the storage folder without a reason; a folder that the user named is worth a line.
    const tell = lookUp(env, 'OUTPUT_DIR') === undefined ? log.debug : log.info
    tell(`Wrote images.env and result.json to ${folder}`)
  })
  const path = lookUp(env, 'BITBUCKET_PIPELINES_VARIABLES_PATH')
  if (wantsOutputVariables(env) && (path === undefined || !appendOutputVariables(path, variables))) {
    log.warning(
      `The step's file of output variables cannot be written from a pipe here; images.env has the same lines`,
    )
  }
  return errors
}

/**
 * Writes only `result.json`: for CHECK_ONLY, and after the commands of `RUN`. The `images.env` of an earlier delivery
 * stays.
 *
 * @returns what could not be written
 */
export const reportResult = (result: Result, { env, mask }: Around): PipeError[] =>
  into(outputDirOf(env), (folder) => writeWhole(join(folder, 'result.json'), resultJson(result, mask)))

const into = (folder: string | undefined, write: (folder: string) => void): PipeError[] => {
  if (folder === undefined) return []
  try {
    // The commands of RUN may have tidied up the clone, this folder with it.
    mkdirSync(folder, { recursive: true })
    write(folder)
    return []
  } catch (error) {
    const failed = `The outputs could not be written to ${folder}.`
    return [asPipeError(fileError(error, 'PKG-OUTPUT', failed))]
  }
}

/** The lines of `images.env`: what a shell can source, and what Bitbucket's output variables take. */
const imageVariables = (images: Result['images']): string =>
  images
    .flatMap((image, index) =>
      image === null
        ? []
        : [
            `PACKAGES_IMAGE_${index}=${image.reference}`,
            `PACKAGES_IMAGE_${index}_DIGEST=${image.digest ?? ''}`,
            `PACKAGES_IMAGE_${index}_ID=${image.id}`,
          ],
    )
    // A shell reads these lines; no name, digest or id has any other character.
    .map((line) => `${line.replace(/[^\w=.:/@+[\]-]/g, '')}\n`)
    .join('')

const resultJson = ({ images, error, ran }: Result, mask: Secrets['mask']): string => {
  const failed = ran === undefined ? 'failure' : 'run-failed'
  const result = {
    version: VERSION,
    outcome: error === undefined && (ran?.exitCode ?? 0) === 0 ? 'success' : failed,
    error: error
      ? {
          code: error.code,
          side: error.side,
          message: shown(error.message, mask),
          hint: shown(error.hint, mask),
        }
      : null,
    images: images.map((image) => image && { ...image, platform: shown(image.platform, mask) }),
    run: ran ?? null,
  }
  // What a registry says of a platform may hold any character; whoever prints this file is not to be drawn on.
  const escaped = JSON.stringify(result, null, 2).replace(DRAWING, (text) =>
    text.replace(/./gs, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`),
  )
  return `${escaped}\n`
}

const DRAWING = /[\p{Cf}\p{Default_Ignorable_Code_Point}\x7f-\x9f\u2028\u2029]/gu

// A reader never sees half a file. The temporary one is a new one: whatever has its name already, a link or a pipe that
// somebody left there, is neither followed nor written to.
const writeWhole = (path: string, text: string) => {
  const temporary = `${path}.${randomUUID()}.tmp`
  try {
    writeFileSync(temporary, text, { flag: 'wx' })
    renameSync(temporary, path)
  } catch (error) {
    rmSync(temporary, { force: true })
    throw error
  }
}
