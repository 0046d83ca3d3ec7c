// What needs the large libraries, in one place: `pipe.ts` loads it when the settings are valid.
export { checkAll } from './check.ts'
export { deliverAll } from './delivery.ts'
export { runCommands } from './run/run.ts'
export { openTools } from './tools.ts'
