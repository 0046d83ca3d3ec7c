// What needs the large libraries, in one place: `pipe.ts` loads it when the settings are valid.
export { checkAll } from './check.ts'
export { deliverAll } from './deliver.ts'
export { openTools } from './delivery/tools.ts'
export { runCommands } from './run/run.ts'
