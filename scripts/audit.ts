import { execa } from 'execa'

// `npm run audit`: whether an advisory is known for what is shipped. A registry that gives no answer has not said "no":
// exit code 1 is an advisory, 2 is no answer.
const options = { reject: false, all: true } as const
const { exitCode, all, stdout } = await execa('npm', ['audit', '--omit=dev', '--json'], options)

const answer = ((): { metadata?: { vulnerabilities?: { total?: number } } } => {
  try {
    return JSON.parse(stdout)
  } catch {
    return {}
  }
})()
const total = answer.metadata?.vulnerabilities?.total

if (total === undefined) {
  console.error(
    `Nobody was asked: npm's registry gave no answer about advisories, so nothing is known.\n${all.trim()}`,
  )
  process.exitCode = 2
} else if (exitCode !== 0 || total > 0) {
  await execa('npm', ['audit', '--omit=dev'], { reject: false, stdio: 'inherit' })
  process.exitCode = 1
} else {
  console.log('No advisory is known for what is shipped.')
}
