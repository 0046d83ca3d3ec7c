import { accessSync, appendFileSync, constants, mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { DeliveredImage } from '../delivered.ts'
import { asPipeError, type PipeError } from '../errors.ts'
import { fileError } from '../file-error.ts'
import { VERSION } from '../identity.ts'
import { outputDirOf } from '../settings/early.ts'
import { type Environment, lookUp } from '../settings/environment.ts'
import type { Log } from './log.ts'

/** How the commands of `RUN` ended. */
export interface Ran {
  exitCode: number
  seconds: number
}

/** The files that a run leaves behind for the later script lines. */
export interface Result {
  /** One entry for each image asked for, in that order; null where the image is not in the engine. */
  images: ReadonlyArray<DeliveredImage | null>
  error: PipeError | undefined
  /** How the commands of `RUN` ended, null where they did not get that far; absent before and without them. */
  ran?: Ran | null
}

/**
 * Writes what a run leaves behind: `images.env` and `result.json` in the output folder, and the image variables
 * at the end of the step's file of output variables, where Bitbucket lets a pipe write it.
 *
 * @param clean masks and cleans the words of an error
 * @returns the failures to do so
 */
export const report = (
  env: Environment,
  result: Result,
  clean: (text: string) => string,
  log: Log,
): PipeError[] => {
  const folder = outputDirOf(env)
  const errors: PipeError[] = []
  if (folder !== undefined) {
    try {
      writeOutputs(folder, result, clean)
      log.info(`Wrote images.env and result.json to ${folder}`)
    } catch (error) {
      errors.push(outputError(folder, error))
    }
  }
  const path = lookUp(env, 'BITBUCKET_PIPELINES_VARIABLES_PATH')
  if (path !== undefined && !appendOutputVariables(path, result)) {
    log.debug(`${path} is not writable: no output variables; images.env has the same lines`)
  }
  return errors
}

/**
 * Writes into `result.json` how the commands of `RUN` ended; everything else was written before they began.
 *
 * @param clean masks and cleans the words of an error
 * @returns the failures to do so
 */
export const reportRun = (env: Environment, result: Result, clean: (text: string) => string): PipeError[] => {
  const folder = outputDirOf(env)
  if (folder === undefined) return []
  try {
    // The commands may have tidied up the clone, this folder with it.
    mkdirSync(folder, { recursive: true })
    writeWhole(join(folder, 'result.json'), resultJson(result, clean))
    return []
  } catch (error) {
    return [outputError(folder, error)]
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
    .map((line) => `${line}\n`)
    .join('')

/** The text of `result.json`; `clean` masks and cleans the words of an error. */
const resultJson = ({ images, error, ran }: Result, clean: (text: string) => string): string => {
  const result = {
    version: VERSION,
    outcome:
      error === undefined && (ran?.exitCode ?? 0) === 0
        ? 'success'
        : ran === undefined
          ? 'failure'
          : 'run-failed',
    error: error && {
      code: error.code,
      side: error.side,
      message: clean(error.message),
      hint: clean(error.hint),
    },
    images,
    run: ran ?? null,
  }
  return `${JSON.stringify({ ...result, error: result.error ?? null }, null, 2)}\n`
}

/** Writes `images.env` and `result.json` into a folder, each in one piece: a reader never sees half a file. */
const writeOutputs = (folder: string, result: Result, clean: (text: string) => string): void => {
  mkdirSync(folder, { recursive: true })
  writeWhole(join(folder, 'images.env'), imageVariables(result.images))
  writeWhole(join(folder, 'result.json'), resultJson(result, clean))
}

/**
 * Appends the image variables to the step's file of output variables.
 *
 * @returns whether the file was there and writable: Bitbucket does not promise it to a pipe
 */
const appendOutputVariables = (path: string, result: Result): boolean => {
  try {
    accessSync(path, constants.W_OK)
    appendFileSync(path, imageVariables(result.images))
    return true
  } catch {
    return false
  }
}

const outputError = (folder: string, error: unknown) =>
  asPipeError(fileError(error, 'PKG-OUTPUT', `The outputs could not be written to ${folder}.`))

const writeWhole = (path: string, text: string) => {
  const temporary = `${path}.${process.pid}.tmp`
  writeFileSync(temporary, text)
  renameSync(temporary, path)
}
