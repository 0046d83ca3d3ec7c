// Everything that needs the large libraries: `pipe.ts` loads it once the settings are valid.
export { checkAll } from './check.ts'
export { deliverAll } from './deliver.ts'
export { openTools } from './delivery/tools.ts'
export { runCommands } from './run/run.ts'
