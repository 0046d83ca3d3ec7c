// `npm run kills [<count>]`: pipes that are ended at random moments, and started again.
import { setup } from '../bundle.ts'
import { killPipes } from './kill.ts'

const count = Number(process.argv[2] ?? 200)
await setup({ onTestsRerun: () => {} } as unknown as Parameters<typeof setup>[0])
const killed = await killPipes(count, ({ signal, after, faults }) => {
  for (const fault of faults) console.log(`${signal} after ${Math.round(after)} ms: ${fault}`)
})
const bad = killed.filter(({ faults }) => faults.length > 0).length
const over = killed.filter(({ wasOver }) => wasOver).length
console.log(
  `${count} pipes were ended (${over} had ended before): ${count - bad} left nothing and succeeded the next time, ${bad} did not`,
)
process.exitCode = bad === 0 ? 0 : 1
