import { readFileSync } from 'node:fs'
import { ValidationSeverity, validate } from 'dockerfile-utils'

// `npm run lint:dockerfile [-- FILE]`: what no builder takes in the Dockerfile, and what each takes otherwise.
const [file = 'Dockerfile'] = process.argv.slice(2)
const error = ValidationSeverity.ERROR
const rules = {
  deprecatedMaintainer: error,
  directiveCasing: error,
  emptyContinuationLine: error,
  instructionCasing: error,
  instructionCmdMultiple: error,
  instructionEntrypointMultiple: error,
  instructionHealthcheckMultiple: error,
  instructionJSONInSingleQuotes: error,
  instructionWorkdirRelative: error,
}
const problems = validate(readFileSync(file, 'utf8'), rules)
for (const { range, message } of problems) console.error(`${file}:${range.start.line + 1}: ${message}`)
if (problems.length > 0) process.exitCode = 1
