import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ErrorClass } from '../../src/engine/classes.ts'
import { classifyDockerError } from '../../src/engine/classify.ts'
import { type Code, catalogue } from '../../src/errors.ts'
import { clean } from '../../src/text.ts'
import { testdata } from '../testdata.ts'

const D = `sha256:${'0123456789abcdef'.repeat(4)}`
const REGISTRY = 'https://crg.apkg.io/v2/'
const MANIFEST = `${REGISTRY}acme/base/manifests/1.4`

/** Messages as the docker CLI prints them, by the class that they have; code and retry follow from it. */
const wordings: [ErrorClass, Code, boolean, string[]][] = [
  [
    'engine-unreachable',
    'PKG-ENGINE-UNREACHABLE',
    false,
    [
      'Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?',
      'ERROR: Cannot connect to the Docker daemon at tcp://192.0.2.1:2375. Is the docker daemon running?\nerrors pretty printing info',
      'failed to connect to the docker API at tcp://192.0.2.1:2375; check if the path is correct and if the daemon is running: dial tcp 192.0.2.1:2375: connect: connection refused',
      'failed to connect to the docker API at unix:///run/nothing.sock; check if the path is correct and if the daemon is running: dial unix /run/nothing.sock: connect: no such file or directory',
      'error during connect: Get "http://host.docker.internal:2375/v1.41/version": dial tcp: lookup host.docker.internal on 192.0.2.53:53: no such host',
      'error during connect: Post "http://192.0.2.1:2375/v1.41/images/create?fromImage=crg.apkg.io%2Facme%2Fbase&tag=1.4": EOF',
      'error during connect: this error may indicate that the docker daemon is not running: Get "http://192.0.2.1:2375/_ping": dial tcp 192.0.2.1:2375: i/o timeout',
      'Got permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock: Get "http://%2Fvar%2Frun%2Fdocker.sock/v1.24/version": dial unix /var/run/docker.sock: connect: permission denied',
      'permission denied while trying to connect to the docker API at unix:///var/run/docker.sock',
    ],
  ],
  [
    'engine-memory',
    'PKG-ENGINE-UNREACHABLE',
    false,
    [
      'failed to register layer: Error processing tar file(signal: killed):',
      'Error response from daemon: fork/exec /proc/self/exe: cannot allocate memory',
      'Killed',
    ],
  ],
  [
    'api-version',
    'PKG-ENGINE-API',
    false,
    [
      'Error response from daemon: client version 1.51 is too new. Maximum supported API version is 1.47',
      'Error response from daemon: client version 1.41 is too old. Minimum supported API version is 1.44, please upgrade your client to a newer version',
      '"specify container image platform" requires API version 1.41, but the Docker daemon API version is 1.40',
    ],
  ],
  [
    'pipelines-plugin',
    'PKG-ENGINE-DENIED',
    false,
    [
      'docker: Error response from daemon: authorization denied by plugin pipelines: -v only supports $BITBUCKET_CLONE_DIR and its subdirectories.',
      "docker: Error response from daemon: authorization denied by plugin pipelines: --mounts is not allowed.\nSee 'docker run --help'.",
    ],
  ],
  [
    'uid-map',
    'PKG-ENGINE-UID',
    false,
    [
      'failed to register layer: Error processing tar file(exit status 1): Container ID 378950266 cannot be mapped to a host ID',
      'failed to register layer: Container ID 165636 cannot be mapped to a host ID',
      'failed to register layer: ApplyLayer exit status 1 stdout:  stderr: lchown /argus: invalid argument',
      'failed to register layer: failed to Lchown "/app/x.js" for UID 197609, GID 197609 (try increasing the number of subordinate IDs in /etc/subuid and /etc/subgid): lchown /app/x.js: invalid argument',
    ],
  ],
  [
    'disk-full',
    'PKG-DISK-FULL',
    false,
    [
      'failed to register layer: no space left on device',
      'failed to register layer: Error processing tar file(exit status 1): write /opt/lib/libtorch.so: no space left on device.',
      'failed to register layer: ApplyLayer exit status 1 stdout:  stderr: mkdir /root/.npm: no space left on device',
      `Error response from daemon: failed to extract layer ${D} to overlayfs as "extract-1": write /var/lib/containerd/x: no space left on device: unknown`,
      'Error response from daemon: write /var/lib/docker/tmp/GetImageBlob123: disk quota exceeded',
    ],
  ],
  [
    'no-such-image',
    'PKG-ENGINE',
    false,
    [
      'Error: No such image: crg.apkg.io/acme/base:1.4',
      'Error response from daemon: No such image: crg.apkg.io/acme/base:1.4',
      'error: no such object: base',
    ],
  ],
  [
    'credential-helper',
    'PKG-ENGINE',
    false,
    [
      'Error saving credentials: error storing credentials - err: exit status 1, out: `not implemented`',
      'error getting credentials - err: exit status 1, out: `no space left on this key ring`',
    ],
  ],
  [
    'multi-platform-save',
    'PKG-ENGINE',
    false,
    [`Error response from daemon: unable to create manifests file: content digest ${D}: not found`],
  ],
  [
    'archive-format',
    'PKG-ENGINE',
    false,
    ['Error response from daemon: invalid archive: does not contain a manifest.json'],
  ],
  [
    'lockout',
    'PKG-LOCKOUT',
    false,
    [
      `Error response from daemon: Get "${REGISTRY}": denied: too many failed login attempts, try again in 15 minutes`,
      `Error response from daemon: Get "${REGISTRY}": unauthorized: account has been locked`,
    ],
  ],
  [
    'quota',
    'PKG-QUOTA',
    false,
    [
      'Error response from daemon: error from registry: You have reached your unauthenticated pull rate limit. https://www.docker.com/increase-rate-limit',
      'Error response from daemon: denied: the quota of this workspace is exceeded',
      'Error response from daemon: toomanyrequests: You have exceeded your transfer quota',
    ],
  ],
  [
    'rate-burst',
    'PKG-RATE-LIMIT',
    true,
    [
      'Error response from daemon: error from registry: retry-after: 92.923µs, allowed: 44000/minute',
      `Error response from daemon: unexpected status from HEAD request to ${MANIFEST}: 429 Too Many Requests`,
      `Error response from daemon: Head "${MANIFEST}": toomanyrequests`,
      'Error response from daemon: error parsing HTTP 429 response body: invalid character \'<\' looking for beginning of value: "<html></html>"',
    ],
  ],
  [
    'registry-unavailable',
    'PKG-REGISTRY-UNAVAILABLE',
    true,
    [
      'Error response from daemon: received unexpected HTTP status: 500 Internal Server Error',
      `Error response from daemon: login attempt to ${REGISTRY} failed with status: 503 Service Unavailable`,
      `Error response from daemon: failed to resolve reference "crg.apkg.io/acme/base:1.4": unexpected status from HEAD request to ${MANIFEST}: 502 Bad Gateway`,
      `Error response from daemon: failed to copy: httpReadSeeker: failed open: unexpected status code ${REGISTRY}acme/base/blobs/${D}: 504 Gateway Timeout`,
      `Error response from daemon: Get "${REGISTRY}": Service Unavailable`,
    ],
  ],
  [
    'not-a-registry',
    'PKG-NOT-A-REGISTRY',
    false,
    [
      'Error response from daemon: error parsing HTTP 403 response body: invalid character \'<\' looking for beginning of value: "<html><body>Blocked: quota exceeded</body></html>"',
      'Error response from daemon: unsupported manifest media type and no default available: text/html',
      `Error response from daemon: login attempt to ${REGISTRY} failed with status: 404 Not Found`,
      `Error response from daemon: Get "${REGISTRY}": Proxy Authentication Required`,
      `Error response from daemon: Get "${REGISTRY}": Forbidden`,
      'Error response from daemon: authorization server did not include a token in the response',
    ],
  ],
  [
    'empty-variable',
    'PKG-CREDENTIALS-MISSING',
    false,
    [
      'Error: Cannot perform an interactive login from a non TTY device',
      'Must provide --username with --password-stdin',
    ],
  ],
  [
    'credential',
    'PKG-AUTH-REFUSED',
    false,
    [
      `Error response from daemon: login attempt to ${REGISTRY} failed with status: 401 Unauthorized`,
      'Error response from daemon: error from registry: unauthorized',
      `Error response from daemon: Get "${REGISTRY}": unauthorized: HTTP Basic: Access denied`,
      `Error response from daemon: failed to resolve reference "crg.apkg.io/acme/base:1.4": failed to authorize: failed to fetch oauth token: unexpected status from GET request to https://auth.example/token: 401 Unauthorized`,
    ],
  ],
  [
    'no-credential',
    'PKG-ACCESS-DENIED',
    false,
    [
      'Error response from daemon: failed to resolve reference "crg.apkg.io/acme/base:1.4": authorization failed: no basic auth credentials',
    ],
  ],
  [
    'denied-ambiguous',
    'PKG-ACCESS-DENIED',
    false,
    [
      'Error response from daemon: error from registry: denied\ndenied',
      'Error response from daemon: pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed',
      `Error response from daemon: unexpected status from HEAD request to ${MANIFEST}: 403 Forbidden`,
      `Error response from daemon: Get "${REGISTRY}": denied: access forbidden`,
    ],
  ],
  [
    'name-unknown',
    'PKG-PACKAGE-UNKNOWN',
    false,
    [
      'Error response from daemon: error from registry: repository name not known to registry',
      'Error response from daemon: error from registry: invalid repository name',
    ],
  ],
  [
    'manifest-unknown',
    'PKG-TAG-UNKNOWN',
    false,
    [
      'Error response from daemon: manifest unknown',
      'Error response from daemon: manifest for crg.apkg.io/acme/base:1.4 not found',
      `Error response from daemon: unexpected status from HEAD request to ${MANIFEST}: 404 Not Found`,
    ],
  ],
  [
    'digest-unknown',
    'PKG-DIGEST-UNKNOWN',
    false,
    [
      `Error response from daemon: manifest for crg.apkg.io/acme/base@${D} not found: manifest unknown: manifest unknown`,
      `Error response from daemon: failed to resolve reference "crg.apkg.io/acme/base@${D}": crg.apkg.io/acme/base@${D}: not found`,
    ],
  ],
  [
    'platform',
    'PKG-PLATFORM',
    false,
    [
      'Error response from daemon: image with reference base:1.4 was found but does not provide the specified platform (linux/amd64)',
      'Error response from daemon: image with reference base:1.4 was found but does not match the specified platform: wanted linux/arm64, actual: linux/amd64',
      'Error response from daemon: image operating system "windows" cannot be used on this platform',
      'exec /bin/sh: exec format error',
    ],
  ],
  [
    'integrity',
    'PKG-INTEGRITY',
    false,
    [
      `filesystem layer verification failed for digest ${D}`,
      `error pulling image configuration: image config verification failed for digest ${D}`,
      `Error response from daemon: failed commit on ref "layer-${D}": unexpected commit digest sha256:a8f2, expected ${D}: failed precondition`,
      `Error response from daemon: manifest verification failed for digest ${D}`,
      `Error response from daemon: failed commit on ref "layer-${D}": "layer-${D}" failed size validation: 5 != 7: failed precondition`,
    ],
  ],
  [
    'manifest',
    'PKG-MANIFEST',
    false,
    [
      'Error response from daemon: unsupported media type application/vnd.oci.image.config.v2+json',
      'Error response from daemon: invalid rootfs in image configuration',
    ],
  ],
  [
    'schema1',
    'PKG-SCHEMA1',
    false,
    [
      'Error response from daemon: \n[DEPRECATION NOTICE] Docker Image Format v1 and Docker Image manifest version 2, schema 1 support is disabled by default and will be removed in an upcoming release.\nSuggest the author of docker.io/library/ubuntu:10.04 to upgrade the image to the OCI Format or Docker Image manifest v2, schema 2.\nMore information at https://docs.docker.com/go/deprecated-image-specs/',
      'Error response from daemon: unsupported manifest media type and no default available: application/vnd.docker.distribution.manifest.v1+prettyjws',
      'Error response from daemon: not implemented: media type "application/vnd.docker.distribution.manifest.v1+prettyjws" is no longer supported since containerd v2.1',
      'Error response from daemon: application/vnd.docker.distribution.manifest.v1+prettyjws not supported',
      'Error response from daemon: missing signature key',
    ],
  ],
  [
    'reference',
    'PKG-CONFIG',
    false,
    [
      'invalid reference format: repository name (library/BadImage) must be lowercase',
      "docker: invalid reference format.\nSee 'docker run --help'.",
    ],
  ],
  [
    'tls-ca',
    'PKG-TLS-CA',
    false,
    [
      `Error response from daemon: Get "${REGISTRY}": x509: certificate signed by unknown authority`,
      `Error response from daemon: Get "${REGISTRY}": tls: failed to verify certificate: x509: certificate signed by unknown authority (possibly because of "crypto/rsa: verification error" while trying to verify candidate authority certificate "lab")`,
    ],
  ],
  [
    'tls-host',
    'PKG-TLS-HOST',
    false,
    [
      `Error response from daemon: Get "${REGISTRY}": tls: failed to verify certificate: x509: certificate is valid for *.example.org, example.org, not crg.apkg.io`,
      `Error response from daemon: Get "https://192.0.2.7/v2/": x509: cannot validate certificate for 192.0.2.7 because it doesn't contain any IP SANs`,
    ],
  ],
  [
    'tls-expired',
    'PKG-TLS-EXPIRED',
    false,
    [
      `Error response from daemon: Get "${REGISTRY}": x509: certificate has expired or is not yet valid: current time 2026-01-02T03:04:05Z is after 2025-12-31T23:59:59Z`,
    ],
  ],
  [
    'tls',
    'PKG-TLS',
    false,
    [
      `Error response from daemon: Get "${REGISTRY}": remote error: tls: handshake failure`,
      `Error response from daemon: Get "${REGISTRY}": tls: first record does not look like a TLS handshake`,
    ],
  ],
  [
    'dns',
    'PKG-DNS',
    true,
    [
      `Error response from daemon: Get "${REGISTRY}": dial tcp: lookup crg.apkg.io on 192.0.2.53:53: no such host`,
      `Error response from daemon: Get "${REGISTRY}": dial tcp: lookup crg.apkg.io: Temporary failure in name resolution`,
      `Error response from daemon: failed to resolve reference "crg.apkg.io/acme/base:1.4": failed to do request: Head "${MANIFEST}": dial tcp: lookup crg.apkg.io on 192.0.2.53:53: server misbehaving`,
    ],
  ],
  [
    'network-timeout',
    'PKG-NETWORK',
    true,
    [
      `Error response from daemon: Get "${REGISTRY}": dial tcp 203.0.113.10:443: i/o timeout`,
      `Error response from daemon: Get "${REGISTRY}": context deadline exceeded`,
      `Error response from daemon: Get "${REGISTRY}": dial tcp 203.0.113.10:443: connect: connection timed out`,
    ],
  ],
  [
    'network',
    'PKG-NETWORK',
    true,
    [
      `error pulling image configuration: download failed after attempts=6: dial tcp 203.0.113.10:443: connect: connection refused`,
      `Error response from daemon: failed to copy: read tcp 198.51.100.7:41234->203.0.113.10:443: read: connection reset by peer`,
      `Error response from daemon: Get "${REGISTRY}": dial tcp 203.0.113.10:443: connect: no route to host`,
      `Error response from daemon: Get "${REGISTRY}": dial tcp 203.0.113.10:443: connect: network is unreachable`,
      `Error response from daemon: Get "${REGISTRY}": http2: server sent GOAWAY and closed the connection; LastStreamID=1, ErrCode=NO_ERROR, debug=""`,
      'stream error: stream ID 7; INTERNAL_ERROR; received from peer',
      'Error response from daemon: short read: expected 32 bytes but got 0: unexpected EOF',
    ],
  ],
  ['canceled', 'PKG-NETWORK', true, ['Error response from daemon: context canceled']],
  [
    'unknown',
    'PKG-ENGINE',
    false,
    [
      '',
      'Error response from daemon: something that nobody has seen',
      'Error response from daemon: received unexpected HTTP status: 418 I am a teapot',
    ],
  ],
]

describe.each(wordings)('%s is %s, retried: %s', (expected, code, retryable, texts) => {
  it.each(texts)('%s', (text) => {
    expect(classifyDockerError(text)).toMatchObject({ class: expected, code, retryable })
  })
})

describe('which line counts', () => {
  const classOf = (...lines: string[]) => classifyDockerError(lines.join('\n')).class

  it('the last one that is known', () => {
    expect(
      classOf(
        'Error response from daemon: received unexpected HTTP status: 503 Service Unavailable',
        'Error response from daemon: manifest unknown',
        'something else',
      ),
    ).toBe('manifest-unknown')
  })

  it('one before it, if the last one says little', () => {
    expect(classOf('x509: certificate signed by unknown authority', 'unexpected EOF')).toBe('tls-ca')
    expect(classOf('toomanyrequests: slow down', 'denied')).toBe('rate-burst')
    expect(classOf('context canceled', 'unexpected EOF')).toBe('network')
  })

  it('none of progress, whatever a tag is called', () => {
    const { class: found, said } = classifyDockerError(
      [
        'denied: Pulling from acme/base',
        'unauthorized: Pulling from acme/base',
        '9f4a1c2b3d5e: Retrying in 5 seconds',
        '9f4a1c2b3d5e: Download complete',
        `Digest: ${D}`,
        'Status: Downloaded newer image for crg.apkg.io/acme/base:denied',
        'WARNING! Your password will be stored unencrypted in /tmp/config.json.',
      ].join('\n'),
    )
    expect([found, said]).toEqual(['unknown', ''])
  })

  it('no name in it, even one that reads like an error', () => {
    expect(classOf('Error response from daemon: manifest for crg.apkg.io/quota/exceeded:1.4 not found')).toBe(
      'manifest-unknown',
    )
    expect(
      classOf('Error response from daemon: Get "https://no such host: unauthorized/v2/": something new'),
    ).toBe('unknown')
    expect(classOf('Error response from daemon: No such image: crg.apkg.io/acme/x509:unauthorized')).toBe(
      'no-such-image',
    )
  })
})

describe('what was said', () => {
  it('is kept in full and as it came, for its secrets are masked before it is cleaned', () => {
    const { said } = classifyDockerError(
      '\x1b[31mdenied\x1b[0m: \x1b]0;title\x07no\x00\u009b2Jaccess\r\n\r\n more\rlast',
    )
    expect(said).toBe('\x1b[31mdenied\x1b[0m: \x1b]0;title\x07no\x00\u009b2Jaccess\nmore\nlast')
    expect(clean(said)).toBe('denied: noaccess\nmore\nlast')
  })

  it.each([
    "See 'docker run --help'.",
    "See 'docker rm --help' for more information",
    "Run 'docker pull --help' for more information",
  ])('is not what the CLI says of itself: %s', (own) => {
    expect(classifyDockerError(`docker: no such thing\n\n${own}\n`).said).toBe('docker: no such thing')
  })

  it('cannot hide its end in an unfinished escape sequence', () => {
    expect(classifyDockerError('denied: \x1b]0;\nmanifest unknown').class).toBe('manifest-unknown')
  })

  it('is read in time proportional to its length, be it one line of a megabyte or many', () => {
    const pieces = [
      'a.',
      'x509: is valid for ',
      '"',
      '\\"',
      "'",
      '`',
      'quota ',
      'exceeded quota ',
      '\x1b]',
      'lookup a',
      'retry after 1',
      '\n: ',
      ':',
      '([{',
      'a:b/c ',
      'status a: ',
      'failed to register layer: exit status 1: ',
      'requested platform (',
      'media-type: "',
      '<html',
      'errors:\n',
      'No such image: ',
    ]
    for (const piece of pieces) {
      const line = piece.repeat(5000 / piece.length)
      for (const text of [piece.repeat(1_000_000 / piece.length), `${line}\n`.repeat(200)]) {
        const started = performance.now()
        expect(classifyDockerError(text).said).not.toContain('\x1b')
        expect(performance.now() - started).toBeLessThan(3000)
      }
    }
  }, 60_000)

  it('never makes it fail', () => {
    const word = fc.constantFrom(
      ...wordings.flatMap(([, , , texts]) => texts.join(' ').split(/(?<= )/)),
      'retry-after: ',
      '9s',
      'denied',
      ': ',
      '"',
      '/',
      'a.b/c',
      '\n',
      '\x1b[',
      'EOF',
      '1e999h',
    )
    fc.assert(
      fc.property(fc.array(fc.oneof(word, fc.string({ unit: 'binary', maxLength: 5 }))), (words) => {
        const { code } = classifyDockerError(words.join(''))
        expect(code in catalogue && code !== 'PKG-INTERNAL').toBe(true)
      }),
    )
  }, 60_000)
})

describe('how long to wait', () => {
  it.each<[string, number | undefined]>([
    ['toomanyrequests: retry-after: 985.86µs, allowed: 44000/minute', 0.98586],
    ['toomanyrequests: retry-after: 92.923\u03bcs', 0.092923],
    ['toomanyrequests: retry-after: 250ms', 250],
    ['toomanyrequests: retry-after: 1m30.5s', 90_500],
    ['toomanyrequests: Retry-After: 30', 30_000],
    ['toomanyrequests: please try again in 2 minutes', 120_000],
    ['toomanyrequests: retry after 3 fortnights', undefined],
    ['toomanyrequests: Rate exceeded', undefined],
    [`toomanyrequests: retry-after: ${'9'.repeat(400)}h`, undefined],
    // A lockout is not retried: the wait would be one for nothing.
    ['denied: too many failed login attempts, try again in 15 minutes', undefined],
  ])('%s → %s ms', (text, expected) => {
    const { retryAfter } = classifyDockerError(text)
    if (expected === undefined) expect(retryAfter).toBeUndefined()
    else expect(retryAfter).toBeCloseTo(expected, 6)
  })
})

interface Case {
  text: string
  class: ErrorClass
  retryable: boolean
}

const vectors = testdata<{ cases: Case[] }>('docker-errors.json')

describe.skipIf(!vectors)(
  `texts from public threads${vectors ? '' : ' (the folder of vectors is absent)'}`,
  () => {
    it.each(vectors?.cases ?? [])('$class: $text', ({ text, class: expected, retryable }) => {
      expect(classifyDockerError(text)).toMatchObject({ class: expected, retryable, said: text.trim() })
    })
  },
)
