import { type Laboratory, pushBigImage } from '../lab/laboratory.ts'
import { docker, openStep } from '../lab/runner/step.ts'
import { compare } from './measure.ts'
import { byHand, pipeProgram } from './program.ts'

const BIG = 500_000_000

const LOGIN =
  'echo "$BITBUCKET_PACKAGES_TOKEN" | docker login --username "$BITBUCKET_PACKAGES_USERNAME" --password-stdin crg.apkg.io'

/** The pipe against `docker login` and `docker pull` by hand, in one engine, on a small and a large image. */
export const comparePulls = async (laboratory: Laboratory): Promise<void> => {
  await pushBigImage(laboratory.world, 'acme/big:1', BIG)
  const step = await openStep(laboratory.world, { pipeImage: laboratory.pipeImage })
  try {
    for (const [title, name, rounds] of [
      ['2 MB image', 'base:1.4', 15],
      ['500 MB image', 'big:1', 5],
    ] as const) {
      const image = `crg.apkg.io/acme/${name}`
      // A dangling image would keep the layers: all names go.
      const prepare = () =>
        docker(step, ['system', 'prune', '--all', '--force', '--filter=label!=keep'], { reject: false })
      await compare(
        `Pull, ${title}`,
        [
          {
            name: 'docker login, docker pull',
            prepare,
            run: () => byHand(step, `${LOGIN}; docker pull ${image}; docker logout crg.apkg.io`),
          },
          { name: 'the pipe', prepare, run: () => pipeProgram(step, { IMAGE: name }) },
          {
            name: 'skopeo copy docker:// docker-daemon:',
            prepare,
            run: () =>
              byHand(
                step,
                `skopeo --insecure-policy copy --quiet --src-cert-dir=/etc/docker/certs.d/crg.apkg.io --src-creds="$BITBUCKET_PACKAGES_USERNAME:$BITBUCKET_PACKAGES_TOKEN" --dest-daemon-host=http://127.0.0.1:2375 docker://${image} docker-daemon:${image}`,
              ),
          },
        ],
        rounds,
      )
    }
  } finally {
    await step.close()
  }
}
