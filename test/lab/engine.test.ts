import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { createDockerConfigs } from '../../src/engine/config.ts'
import { createDocker } from '../../src/engine/docker.ts'
import { patient } from '../../src/engine/patience.ts'
import { askVersion } from '../../src/engine/version.ts'
import { mapConcurrently } from '../../src/map-concurrently.ts'
import { describeInLaboratory } from './attach.ts'

const VERSION = { Version: '25.0.5', ApiVersion: '1.44', MinAPIVersion: '1.24', Os: 'linux', Arch: 'amd64' }

/** What of an engine's API `docker version` asks for, on a port of its own. */
const listen = (port: number): Promise<Server> =>
  new Promise((resolve) => {
    const server = createServer((request, response) => {
      const body = request.url?.endsWith('/version') ? JSON.stringify(VERSION) : 'OK'
      response
        .writeHead(200, { 'api-version': VERSION.ApiVersion, 'content-type': 'application/json' })
        .end(body)
    })
    server.listen(port, '127.0.0.1', () => resolve(server))
  })

const freePort = async (): Promise<number> => {
  const server = await listen(0)
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

describeInLaboratory('An engine that refuses the first connections', () => {
  test('is found when it comes up, a hundred times at a random moment', async () => {
    const signal = new AbortController().signal
    const configs = createDockerConfigs()
    const config = configs.create('crg.apkg.io')
    const once = async () => {
      const port = await freePort()
      const env = { PATH: process.env.PATH, DOCKER_HOST: `tcp://127.0.0.1:${port}` }
      let failures = 0
      const onCommand = (_: readonly string[], exitCode: number | undefined) => {
        if (exitCode !== 0) failures++
      }
      const docker = patient(createDocker({ env, signal, onCommand }), signal)
      const found = askVersion(docker(config))
      await sleep(100 + Math.random() * 900)
      const server = await listen(port)
      const engine = await found
      await new Promise((resolve) => server.close(resolve))
      return { version: engine.version, failures }
    }
    const results = await mapConcurrently(Array.from({ length: 100 }), 8, once)
    configs.removeAll()
    expect(results.map(({ version }) => version)).toEqual(results.map(() => '25.0.5'))
    // It is no test of anything if the engine was always there in time.
    expect(results.filter(({ failures }) => failures > 0).length).toBeGreaterThan(50)
  })
})
