import { describe, expect, it } from 'vitest'
import type { ErrorClass } from '../../src/engine/classes.ts'
import { classifyDockerError } from '../../src/engine/classify.ts'

const D = `sha256:${'0123456789abcdef'.repeat(4)}`
const ID = '0123456789ab'
const HOST = 'https://crg.apkg.io/v2'
const MANIFEST = `${HOST}/acme/base/manifests/1.4`
const BLOB = `${HOST}/acme/base/blobs/${D}`
const NAME = 'crg.apkg.io/acme/base:1.4'
const daemon = (text: string) => `Error response from daemon: ${text}`
const V1 = 'application/vnd.docker.distribution.manifest.v1+prettyjws'
const V2 = 'application/vnd.docker.distribution.manifest.v2+json'
const OCI = 'application/vnd.oci.image.manifest.v1+json'

/**
 * Sentences that programs have in their sources: [sentence, program and versions]. "classic" and "containerd" are
 * the two image stores of the engine; 29 is what has them today, and a range means every release between.
 */
const sentences: Partial<Record<ErrorClass, [string, string][]>> = {
  'engine-unreachable': [
    [
      'Cannot connect to the Docker daemon. Is the docker daemon running on this host?',
      'docker CLI 20.10-29',
    ],
    [
      "cannot connect to the Docker daemon. Is 'docker daemon' running on this host?: EOF",
      'docker CLI 29, attach',
    ],
    [
      'failed to connect to the docker API at tcp://docker:2375: lookup docker on 192.0.2.53:53: no such host',
      'docker CLI 29',
    ],
    [
      'Get "http://192.0.2.1:2376/v1.41/images/json": net/http: HTTP/1.x transport connection broken: malformed HTTP response "\\x15\\x03\\x01\\x00\\x02\\x02".\n* Are you trying to connect to a TLS-enabled daemon without TLS?',
      'docker CLI 20.10-29',
    ],
    [
      'the server probably has client authentication (--tlsverify) enabled; check your TLS client certification settings: Get "https://192.0.2.1:2376/v1.41/info": remote error: tls: bad certificate',
      'docker CLI 20.10-28',
    ],
    [daemon('Client sent an HTTP request to an HTTPS server.'), 'Go net/http in any engine with TLS'],
    ['unable to resolve docker endpoint: unable to parse docker host `denied`', 'docker CLI 20.10-29'],
    [
      'request returned Bad Gateway for API route and version http://192.0.2.1:2375/v1.41/images/create?fromImage=acme, check if the server supports the requested API version',
      'docker CLI 20.10-29',
    ],
  ],
  'engine-memory': [
    [
      'failed to register layer: Error processing tar file(exit status 2): fatal error: runtime: out of memory',
      'Go in engine 20.10',
    ],
    [
      daemon(
        'OCI runtime create failed: runc create failed: unable to start container process: container init was OOM-killed (memory limit too low?): unknown',
      ),
      'runc 1.1, engines 23-29',
    ],
    [
      daemon(
        'rpc error: code = Unavailable desc = connection error: desc = "transport: Error while dialing: dial unix /var/run/docker/containerd/containerd.sock: connect: connection refused": unavailable',
      ),
      'grpc in engines 20.10-29 whose containerd was ended',
    ],
  ],
  'api-version': [
    [daemon('page not found'), 'engines 20.10-29, a route that they do not have'],
    [
      'request returned Internal Server Error for API route and version http://192.0.2.1:2375/v1.41/_ping, check if the server supports the requested API version',
      'docker CLI 20.10-29',
    ],
    ['bind-nonrecursive requires API v1.40 or later', 'docker CLI 20.10-28'],
  ],
  'pipelines-plugin': [['unable to upgrade to tcp, received 403', 'docker CLI 20.10-29, attach']],
  'uid-map': [
    ['failed to register layer: container ID 165636 cannot be mapped to a host ID', 'engines 25-29, classic'],
    [
      daemon(
        `failed to extract layer ${D} to overlayfs as "extract-1": failed to Lchown "/a" for UID 197609, GID 197609 (Hint: try increasing the number of subordinate IDs in /etc/subuid and /etc/subgid): lchown /a: invalid argument: unknown`,
      ),
      'containerd 1.6-2.3',
    ],
  ],
  'disk-full': [
    [
      'failed to register layer: Error processing tar file(exit status 1): write /denied: no space left on device',
      'engines 20.10-23, classic',
    ],
    ['failed to register layer: write /opt/x: no space left on device', 'engines 24-29, classic'],
    [
      daemon(
        'devmapper: Thin Pool has 20 free data blocks which is less than minimum required 163 free data blocks. Create more free space in thin pool or use dm.min_free_space option to change behavior',
      ),
      'engines 20.10-24, devicemapper',
    ],
    [
      daemon(
        `failed to ingest "blobs/sha256/${D.slice(7)}": failed to copy: no space left on device: unknown`,
      ),
      'engine 29, containerd, load',
    ],
  ],
  'no-such-image': [
    ['Error: No such object: denied', 'docker CLI 20.10-27'],
    [daemon('No such image: toomanyrequests:latest'), 'engines 20.10-29'],
    [daemon('No such image: denied'), 'engines 20.10-29'],
  ],
  'container-gone': [
    [daemon('No such container: packages-pull-run-1'), 'engines 20.10-29'],
    ['You cannot attach to a stopped container, start it first', 'docker CLI 20.10-28'],
    ['cannot attach to a stopped container, start it first', 'docker CLI 29'],
    [daemon('container is marked for removal and cannot be started'), 'engines 20.10-29'],
    [daemon(`Container ${D.slice(7)} is not running`), 'engines 20.10-29'],
  ],
  'credential-helper': [
    ['error saving credentials: open /tmp/config.json123: permission denied', 'docker CLI 20.10-29'],
  ],
  'archive-format': [
    [daemon('invalid archive: failed to decode manifest.json: unexpected EOF'), 'engine 29, classic'],
    [
      daemon('invalid archive: failed to load manifest.json: open manifest.json: permission denied'),
      'engine 29, classic',
    ],
    [daemon('invalid archive: does not contain a manifest.json'), 'engine 29, classic'],
    [
      daemon('open /var/lib/docker/tmp/docker-import-1/repositories: no such file or directory'),
      'engines 20.10-28, classic',
    ],
    [daemon('unrecognized image format'), 'containerd 1.5-2.3'],
    [daemon('missing index.json in OCI layout 1.0.0'), 'containerd 1.5-2.3'],
    [daemon('unsupported OCI version 9.0'), 'containerd 1.5-2.3'],
    [daemon('untar manifest "manifest.json": unexpected EOF'), 'containerd 1.5-2.3'],
    [
      daemon(`failed to ingest "blobs/sha256/${D.slice(7)}": failed to copy: unexpected EOF`),
      'containerd 1.5-2.3',
    ],
    [daemon('image config "denied.json" not found'), 'containerd 1.5-2.3'],
    [daemon('failed to resolve layers: layer "a/layer.tar" not found'), 'containerd 1.5-2.3'],
    [daemon('failed to decompress input tar archive: unexpected EOF'), 'engines 25-29, containerd'],
    [daemon('invalid manifest, manifest cannot be null (but can be [])'), 'engines 23-29, classic'],
    ['requested load from stdin, but stdin is empty', 'docker CLI 20.10-29'],
  ],
  quota: [[daemon('denied: Your quota for this month is exceeded.'), 'a registry, any engine']],
  'rate-burst': [
    [daemon('toomanyrequests: slow down'), 'distribution in engines 20.10-29'],
    [daemon('error from registry: too many requests'), 'engines 28-29, containerd'],
    [daemon('denied: Rate exceeded'), 'a registry that answers 403, engines 23-29'],
    [
      daemon('toomanyrequests: <html>\n<head><title>429 Too Many Requests</title></head>'),
      'engines 23-29, a page',
    ],
    [
      daemon(`unexpected status code ${BLOB}: 429 Too Many Requests - Server message: quiet`),
      'containerd 1.6-1.7',
    ],
  ],
  'registry-unavailable': [
    ...[
      '500 Internal Server Error',
      '502 Bad Gateway',
      '503 Service Unavailable',
      '504 Gateway Timeout',
      '520',
      '522',
      '524',
      '529',
      '520 Web Server Is Returning an Unknown Error',
    ].flatMap((status): [string, string][] => [
      [daemon(`received unexpected HTTP status: ${status}`), 'distribution in engines 20.10-29'],
      [daemon(`login attempt to ${HOST}/ failed with status: ${status}`), 'engines 20.10-29'],
      [
        daemon(
          `failed to resolve reference "${NAME}": unexpected status from HEAD request to ${MANIFEST}: ${status}`,
        ),
        'containerd 1.7-2.3',
      ],
      [
        daemon(`failed to copy: httpReadSeeker: failed open: unexpected status code ${BLOB}: ${status}`),
        'containerd 1.5-1.7',
      ],
    ]),
    [daemon('received unexpected HTTP status: 499'), 'distribution in engines 20.10-29'],
    [
      daemon('error parsing HTTP 499 response body: unexpected end of JSON input: ""'),
      'distribution in engine 20.10',
    ],
    [
      daemon(`unexpected status resolving reader: 503 Service Unavailable`),
      'distribution in engines 20.10-29',
    ],
    [
      daemon(
        'pulling from host crg.apkg.io failed with status code [manifests 1.4]: 503 Service Unavailable',
      ),
      'containerd 1.6',
    ],
    [daemon('unavailable: try later'), 'distribution in engines 20.10-29'],
    [daemon('error from registry: service unavailable'), 'engines 28-29, containerd'],
  ],
  'not-a-registry': [
    [daemon(`unexpected media type text/html for ${D}: not found`), 'containerd 1.5-2.3'],
    [daemon("the server doesn't support byte ranges"), 'engines 20.10-29'],
    [
      daemon(
        'denied: <html><head><title>Blocked</title></head>\nYour quota is exceeded\nmanifest unknown\n</html>',
      ),
      'engines 23-29, a page with status 403',
    ],
    [daemon('unknown: <!DOCTYPE html>'), 'engines 23-29, a page with status 404'],
    [daemon(`Get "${MANIFEST}": unknown: Not Found`), 'distribution in engines 23-29, of a token server'],
    [daemon(`Get "${HOST}/": Not Found`), 'Go net/http, of a proxy'],
    [
      daemon(`Get "${HOST}/": no realm specified for token auth challenge`),
      'distribution in engines 20.10-29',
    ],
    [
      daemon(`Get "${HOST}/": invalid token auth challenge realm: parse ":": missing protocol scheme`),
      'distribution in engines 20.10-29',
    ],
    [
      daemon(
        `Get "${HOST}/": unable to decode token response: invalid character '<' looking for beginning of value`,
      ),
      'distribution in engines 20.10-29',
    ],
    [
      daemon(
        `failed to resolve reference "${NAME}": failed to authorize: failed to find supported auth scheme: not implemented`,
      ),
      'containerd 1.5-2.3',
    ],
    [daemon('missing or empty Content-Type header'), 'distribution in engines 20.10-29'],
    [daemon(`missing content-length header for request: ${BLOB}`), 'distribution in engines 20.10-29'],
    [daemon('no Content-Range header found in HTTP 206 response'), 'distribution in engines 20.10-29'],
    [daemon('unsupported Content-Encoding algorithm: br'), 'containerd 2.1-2.3'],
    [
      daemon(
        `failed to resolve reference "${NAME}": "sha256:12" in header not a valid digest: invalid checksum digest length`,
      ),
      'containerd 1.5-2.3',
    ],
    [daemon(`Get "${HOST}/": stopped after 10 redirects`), 'Go net/http'],
  ],
  'empty-variable': [
    ['username is empty', 'docker CLI 29'],
    ['password is empty', 'docker CLI 28-29'],
    ['the --password-stdin option requires --username to be set', 'docker CLI 29'],
    ['error: username is required', 'docker CLI 28-29'],
    ['Error: Non-null Username Required', 'docker CLI 20.10-27'],
    ['Error: Password Required', 'docker CLI 20.10-27'],
    ['error: cannot perform an interactive login from a non-TTY device', 'docker CLI 28-29'],
  ],
  credential: [
    [daemon('authentication required'), 'engine 28, containerd'],
    [daemon('unauthorized: The access token expired'), 'distribution in engines 20.10-29'],
    [daemon('error from registry: authentication required'), 'engines 28-29, containerd'],
    [daemon('error from registry: authentication required - please sign in'), 'engine 29, containerd'],
    [
      daemon('unauthorized: <html>\n<head><title>401 Authorization Required</title></head>'),
      'engines 23-29, nginx with Basic auth',
    ],
    [
      daemon(
        'pull access denied, repository does not exist or may require authorization: server message: invalid_token: authorization failed',
      ),
      'containerd 1.5-2.3',
    ],
  ],
  'no-credential': [
    [daemon('failed to handle basic auth because missing username or secret'), 'containerd 1.5-2.3'],
    [
      daemon(
        `failed to resolve reference "${NAME}": failed to authorize: failed to fetch anonymous token: unexpected status from GET request to https://auth.example/token: 401 Unauthorized`,
      ),
      'containerd 1.7-2.3',
    ],
  ],
  'denied-ambiguous': [
    [
      daemon(
        'errors:\ndenied: requested access to the resource is denied\nunauthorized: authentication required\n',
      ),
      'distribution in engines 20.10-29, a challenge with insufficient_scope',
    ],
    [daemon('error from registry: requested access to the resource is denied'), 'engines 28-29, containerd'],
    [
      daemon(
        'error parsing HTTP 403 response body: no error details found in HTTP response body: "{\\"type\\":\\"error\\",\\"error\\":{\\"message\\":\\"quota exceeded\\"}}"',
      ),
      'distribution in engines 20.10-29',
    ],
    [
      daemon("pull access denied for acme/base, repository does not exist or may require 'docker login'"),
      'engines 25-29, containerd',
    ],
  ],
  'name-unknown': [
    [daemon('repository quota-service not found: name unknown: exceeded'), 'engines 20.10-29, classic'],
    [daemon('unknown: project denied not found'), 'Harbor, distribution in engines 20.10-29'],
  ],
  'manifest-unknown': [
    [daemon('unknown: resource not found: repo acme/denied, tag unauthorized not found'), 'Harbor 1'],
    [daemon('unknown: artifact test/harbor:1 not found'), 'Harbor, distribution in engines 20.10-29'],
    [
      daemon('error from registry: artifact test/harbor:unauthorized not found'),
      'Harbor, engines 28-29, containerd',
    ],
    [daemon('unknown: Not Found'), 'Red Hat, distribution in engines 20.10-29'],
    [daemon('unknown: 404 page not found'), 'Go net/http as a registry, engines 23-29'],
    [
      daemon(
        'error parsing HTTP 404 response body: invalid character \'p\' after top-level value: "404 page not found\\n"',
      ),
      'the same in engine 20.10',
    ],
    [
      daemon('error parsing HTTP 404 response body: unexpected end of JSON input: ""'),
      'distribution in engine 20.10',
    ],
    [daemon('unknown: Tag denied was deleted or has expired. To pull, revive via time machine'), 'Quay'],
    [
      daemon(
        'manifest unknown: Failed to fetch "unauthorized" from request "/v2/acme/base/manifests/unauthorized".',
      ),
      'a registry of Google',
    ],
    [daemon('manifest unknown: toomanyrequests'), 'any registry whose message is the tag'],
    [daemon('image manifest does not exist for tag or digest "1.4"'), 'engines 20.10-29, classic'],
    [
      daemon(`failed to copy: httpReadSeeker: failed open: content at ${MANIFEST} not found: not found`),
      'containerd 1.5-2.3',
    ],
  ],
  'digest-unknown': [
    [
      daemon(
        `failed to copy: httpReadSeeker: failed open: content at ${HOST}/acme/base/manifests/${D} not found: not found`,
      ),
      'containerd 1.5-2.3',
    ],
    [daemon(`unknown: artifact acme/base@${D} not found`), 'Harbor, distribution in engines 20.10-29'],
  ],
  'part-missing': [
    [daemon(`could not fetch content descriptor ${D} (${OCI}) from remote: not found`), 'containerd 1.6-2.3'],
    [daemon('unknown blob'), 'distribution in engines 20.10-29, seen from 20.10.24'],
    [
      'error pulling image configuration: download failed after attempts=1: unknown blob',
      'engines 20.10-29, classic',
    ],
    [daemon('blob unknown: blob unknown to registry'), 'distribution in engines 20.10-29'],
    [daemon('manifest blob unknown: blob unknown to registry'), 'distribution in engines 20.10-29'],
    [
      daemon(`failed to copy: httpReadSeeker: failed open: content at ${BLOB} not found: not found`),
      'containerd 1.5-2.3',
    ],
    [
      daemon(`failed to copy: httpReadSeeker: failed open: unexpected status code ${BLOB}: 404 Not Found`),
      'containerd 1.5-1.7',
    ],
  ],
  platform: [
    [
      daemon(`image ${NAME} was loaded, but doesn't provide the requested platform (linux/s390x)`),
      'engines 28-29, containerd',
    ],
    [
      daemon("images [base:1, base:2] were loaded, but don't provide the requested platform (linux/s390x)"),
      'engines 28-29, containerd',
    ],
    [
      daemon(
        'requested platform (linux/s390x) found, but some content is missing: content digest: not found',
      ),
      'engine 28, containerd',
    ],
    [
      daemon('requested platform(s) ([linux/s390x]) found, but some content is missing'),
      'engine 29, containerd',
    ],
    [daemon('requested platform(s) ([linux/s390x]) not found'), 'engine 29, containerd'],
    [daemon('no images providing the requested platform(s) found: [linux/s390x]'), 'engine 29, containerd'],
    [
      daemon(
        'image with reference base:1.4 was found but its platform (linux/arm64) does not match the specified platform (linux/amd64)',
      ),
      'engines 28-29, classic',
    ],
    [
      daemon('image with reference base:1.4 was found but does not provide any platform'),
      'engines 28-29, containerd',
    ],
    [
      daemon('cannot download image with operating system "windows" when requesting "linux"'),
      'engines 20.10-29, classic',
    ],
    [daemon('cannot load windows image on linux'), 'engines 20.10-29, classic'],
    [
      daemon(
        'image operating system "windows" cannot be used on this platform: operating system is not supported',
      ),
      'engines 25-29, classic',
    ],
    [daemon('unsupported image operating system "windows"'), 'engine 20.10, classic'],
    [
      daemon('configuration for this image has an unsupported operating system: windows'),
      'engine 20.10, classic',
    ],
    [
      daemon(`snapshotter overlayfs does not support platform windows/amd64 for image ${D}`),
      'containerd 1.6-2.3',
    ],
    [daemon(`no match for platform in manifest ${D}: not found`), 'containerd 1.5-2.3'],
    ['standard_init_linux.go:228: exec user process caused: exec format error', 'runc 1.0'],
    [
      daemon(
        'OCI runtime create failed: runc create failed: unable to start container process: exec: "/bin/sh": exec format error: unknown',
      ),
      'runc 1.1',
    ],
  ],
  integrity: [
    [daemon(`unexpected digest: ${D} != ${D}`), 'containerd 1.5-2.3'],
    [daemon(`could not validate layer digest "${D}"`), 'engines 20.10-29, classic'],
    [daemon(`invalid diffID for layer 0: expected "${D}", got "${D}"`), 'engines 20.10-29, classic, load'],
    [daemon(`wrong diff id calculated on extraction "${D}"`), 'containerd 1.5-2.2'],
    [daemon(`wrong diff id "${D}" calculated on extraction "${D}", desc "${D}"`), 'containerd 2.3'],
    [daemon(`image verification failed for digest ${D}`), 'engines 20.10-26'],
    [
      daemon(`failed commit on ref "config-${D}": unexpected commit size 5, expected 7: failed precondition`),
      'containerd 1.5-2.3',
    ],
    [
      daemon('digest invalid: provided digest did not match uploaded content'),
      'distribution in engines 20.10-29',
    ],
  ],
  manifest: [
    [daemon('unknown image config media type text/plain'), 'containerd 1.5-2.3'],
    [daemon('invalid media type for OCI image manifest'), 'distribution in engines 20.10-29'],
    [daemon('invalid checksum digest length'), 'go-digest in engines 20.10-29'],
    [
      daemon(`unable to fetch descriptor (${D}) which reports content size of zero: invalid argument`),
      'containerd 1.6-2.3',
    ],
    [
      daemon("layers from manifest don't match image configuration"),
      'engines 20.10-29, classic, seen from 20.10.24',
    ],
    [
      daemon(`mediaType in manifest should be '${V2}' not ''`),
      'distribution in engines 20.10-29, seen from 20.10.24',
    ],
    [daemon(`mediaType in manifest should be '${V2}' not '${OCI}'`), 'distribution in engines 20.10-29'],
    [
      daemon(`if present, mediaType in manifest should be '${OCI}' not '${V2}'`),
      'distribution in engines 20.10-29',
    ],
    [
      daemon(
        `mediaType in manifest list should be 'application/vnd.docker.distribution.manifest.list.v2+json' not '${OCI}'`,
      ),
      'distribution in engines 20.10-29',
    ],
    [
      daemon(
        `if present, mediaType in image index should be 'application/vnd.oci.image.index.v1+json' not '${OCI}'`,
      ),
      'distribution in engines 20.10-29',
    ],
    [
      daemon('ocimanifest: expected manifest but found index'),
      'distribution in engines 20.10-29, seen from 20.10.24',
    ],
    [daemon('index: expected index but found manifest'), 'distribution in engines 20.10-29'],
    [daemon(`media-type: expected manifest but found index (${OCI})`), 'containerd 1.5-2.3'],
    [daemon(`media-type: "${OCI}" should not have "manifests" or "fsLayers"`), 'engines 20.10-29'],
    [daemon('error detecting media type: media-type: cannot determine'), 'engines 20.10-29'],
    [daemon('unsupported manifest format'), 'engines 20.10-29, classic'],
    [
      daemon('invalid manifest, layers length mismatch: expected 2, got 1'),
      'engines 20.10-29, classic, load',
    ],
    [daemon('mismatched image rootfs and manifest layers'), 'containerd 1.5-2.3'],
    [daemon("number of layers and diffIDs don't match: 2 != 1: unknown"), 'containerd 1.7-2.3'],
    [daemon('invalid image JSON, no RootFS key'), 'engines 20.10-29, classic'],
    [daemon('too many non-empty layers in History section'), 'engines 20.10-29, classic'],
    [daemon('manifest invalid: manifest invalid'), 'distribution in engines 20.10-29'],
    [
      daemon(
        'json: cannot unmarshal string into Go struct field Manifest.layers of type []distribution.Descriptor',
      ),
      'Go in engines 20.10-29',
    ],
    [
      daemon(`failed to resolve reference "${NAME}": rejecting 4194305 byte manifest for ${NAME}: not found`),
      'containerd 1.5-2.3',
    ],
    [
      daemon(
        `failed to extract layer ${D} to overlayfs as "extract-1": failed to get stream processor for application/vnd.acme.layer: no processor for media-type: unknown`,
      ),
      'containerd 1.6-2.3',
    ],
    [daemon(`unexpected media type text/plain for ${D}: not found`), 'containerd 1.5-2.3'],
  ],
  artifact: [
    [
      daemon('AI models are not yet supported by the Engine, please use "docker model pull/run" instead'),
      'engines 28-29, classic',
    ],
    [
      daemon(
        "Running AI models directly by the Engine is not supported yet, please use 'docker model run' instead",
      ),
      'engines 28-29, containerd',
    ],
    [
      daemon('Encountered remote "application/vnd.cncf.helm.config.v1+json"(unknown) when fetching'),
      'engines 20.10-29, classic',
    ],
    [daemon('unsupported media type application/vnd.cncf.helm.config.v1+json'), 'engines 20.10-29, classic'],
  ],
  zstd: [
    [
      'failed to register layer: Error processing tar file(exit status 1): unexpected EOF',
      'engine 20.10.24, a small layer',
    ],
    [
      'failed to register layer: Error processing tar file(exit status 1): archive/tar: invalid tar header',
      'engine 20.10.24',
    ],
    [
      'failed to register layer: ApplyLayer exit status 1 stdout:  stderr: unexpected EOF',
      'engine 20.10 with vfs',
    ],
    [
      daemon('Error processing tar file(exit status 1): archive/tar: invalid tar header'),
      'engine 20.10, load',
    ],
  ],
  layer: [
    [
      'could not get decompression stream: exec: "xz": executable file not found in $PATH',
      'engines 20.10-29, classic',
    ],
    ['failed to register layer: "../../denied" is outside of "/var/lib/docker"', 'engines 20.10-28, classic'],
    ['failed to register layer: unexpected EOF', 'engines 24-29, classic'],
    ['failed to register layer: archive/tar: invalid tar header', 'engines 24-29, classic'],
    [
      'failed to register layer: exit status 1: unpigz: skipping: <stdin>: corrupted -- crc32 mismatch',
      'engines 20.10-29 with unpigz',
    ],
    ['failed to register layer: gzip: invalid checksum', 'Go in engines 20.10-29'],
    [
      daemon(
        `failed to extract layer (application/vnd.oci.image.layer.v1.tar+gzip ${D}) to overlayfs as "extract-1 ${D}": unexpected EOF`,
      ),
      'containerd 2.1-2.3',
    ],
    [
      daemon(
        `apply layer error for "${NAME}": failed to extract layer ${D} to overlayfs as "extract-1": archive/tar: invalid tar header: unknown`,
      ),
      'containerd 2.0-2.3, load',
    ],
    [
      daemon(
        `failed to extract layer ${D} to overlayfs as "extract-1": exit status 1: gzip: stdin: unexpected end of file: unknown`,
      ),
      'containerd 1.6-2.3',
    ],
    ['failed to register layer: invalid symlink "/quota" -> "../../denied"', 'engines 20.10-28, classic'],
  ],
  'layer-depth': [['failed to register layer: max depth exceeded', 'engines 20.10-29, classic']],
  schema1: [
    [daemon('no FSLayers in manifest for "1.4"'), 'engines 20.10-26, classic'],
    [
      daemon(
        `Docker Image Format v1 and Docker Image manifest version 2, schema 1 support has been removed. Suggest the author of ${NAME} to upgrade the image to the OCI Format or Docker Image manifest v2, schema 2. More information at https://docs.docker.com/go/deprecated-image-specs/`,
      ),
      'engines 28.2-29',
    ],
    [daemon('media-type: schema 1 not supported'), 'containerd 1.5-2.3'],
    [daemon('schema 1 image manifests are no longer supported: not implemented'), 'containerd 2.1-2.3'],
    [daemon('schema 1 conversion failed: missing schema 1 manifest for conversion'), 'containerd 1.5-1.7'],
    [
      daemon(
        `not implemented: media type "${V1}" is no longer supported since containerd v2.0, please rebuild the image as "${V2}" or "${OCI}"`,
      ),
      'containerd 2.0',
    ],
    [daemon('manifest schema v1 unsupported'), 'distribution in engines 20.10-29'],
    [daemon('unsupported schema version 1 for "acme/base:1.4"'), 'engines 20.10-26, classic'],
  ],
  reference: [
    [
      'invalid repository name (0123456789abcdef), cannot specify 64-byte hexadecimal strings',
      'docker CLI 20.10-29',
    ],
    [daemon(`no endpoints found for ${NAME}`), 'engines 20.10-29'],
    [
      daemon('unable to parse server address: parse "https://a b": invalid character " " in host name'),
      'engines 20.10-29',
    ],
  ],
  'tls-ca': [
    [daemon(`Get "${HOST}/": x509: failed to load system roots and no roots provided`), 'Go crypto/x509'],
  ],
  network: [
    [daemon(`Get "${HOST}/": local error: tls: bad record MAC`), 'Go crypto/tls'],
    [
      daemon(`Get "${HOST}/": proxyconnect tcp: dial tcp 192.0.2.9:3128: connect: connection refused`),
      'Go net/http',
    ],
    [
      'error pulling image configuration: download failed after attempts=6: unexpected EOF',
      'engines 20.10-29, classic',
    ],
    [
      daemon('failed to copy: httpReadSeeker: failed open: failed to discard to offset: unexpected EOF'),
      'containerd 1.5-2.3',
    ],
    [daemon(`Get "${HOST}/": connection error: PROTOCOL_ERROR`), 'Go http2'],
    [daemon(`failed to do request: Head "${MANIFEST}": EOF`), 'containerd 1.5-2.3'],
  ],
  canceled: [
    [daemon('download cancelled during retry delay'), 'engines 20.10-29, classic'],
    [daemon(`Get "${HOST}/": net/http: request canceled`), 'Go net/http'],
  ],
}

describe.each(Object.entries(sentences))('%s', (expected, rows) => {
  it.each(rows)('%s (%s)', (text) => {
    expect(classifyDockerError(text).class).toBe(expected)
  })
})

describe('a name decides nothing', () => {
  const words = [
    'unauthorized',
    'denied',
    'toomanyrequests',
    'quota',
    'quota-service',
    'unavailable',
    'EOF',
    'exceeded',
  ]
  const names = words.flatMap((word) => [
    `crg.apkg.io/acme/base:${word}`,
    `crg.apkg.io/acme/${word}:1.4`,
    `crg.apkg.io:5000/${word}/${word}:${word}`,
    `localhost:5000/${word}:${word}`,
    `localhost/${word}`,
    `[::1]:5000/${word}:${word}`,
    `acme/${word}`,
    `${word}:${word}`,
    `${word}/${word}:1.4@${D}`,
    word,
  ])
  const forms: [string, (name: string) => string][] = [
    ['quoted', (name) => daemon(`something new about "${name}": exceeded "${name}"`)],
    ['in single quotes', (name) => daemon(`something new about '${name}': exceeded`)],
    ['in back quotes', (name) => daemon(`something new about \`${name}\` exceeded`)],
    ['in an address', (name) => daemon(`Get "https://crg.apkg.io/v2/${name}/manifests/1": something new`)],
    ['missing in the engine', (name) => daemon(`No such volume: ${name}`)],
    ['in brackets', (name) => daemon(`something new (of acme/${name}) exceeded`)],
    [
      'bare',
      (name) => daemon(`something new of ${name} exceeded`).replace(/ (?:quota|exceeded) exceeded$/, ''),
    ],
  ]
  it.each(forms)('%s', (_, sentence) => {
    expect(names.map((name) => [name, classifyDockerError(sentence(name)).class])).toEqual(
      names.map((name) => [name, 'unknown']),
    )
  })

  it.each(names)('%s, where an engine says that it is not there', (name) => {
    expect(
      classifyDockerError(daemon(`manifest for ${name}:1 not found: manifest unknown: manifest unknown`))
        .code,
    ).toMatch(/^PKG-(?:TAG|DIGEST)-UNKNOWN$/)
    expect(classifyDockerError(daemon(`repository ${name} not found: name unknown: ${name}`)).class).toBe(
      'name-unknown',
    )
    expect(
      classifyDockerError(
        daemon(
          `pull access denied for ${name}, repository does not exist or may require 'docker login': denied: requested access to the resource is denied`,
        ),
      ).class,
    ).toBe('denied-ambiguous')
  })
})

describe('a pattern is no wider than its thing', () => {
  it.each([
    daemon('Conflict. The container name "/denied" is already in use by container "0123".'),
    daemon('unsupported: The operation is unsupported.'),
    daemon('failed to register layer: open /var/lib/docker/overlay2/l: input/output error'),
    daemon('OCI runtime create failed: exec: "bash": executable file not found in $PATH: unknown'),
    daemon('received unexpected HTTP status: 501 Not Implemented'),
    daemon('received unexpected HTTP status: 418 502 teapots'),
    "WARNING: The requested image's platform (linux/arm64) does not match the detected host platform (linux/amd64) and no specific platform was requested",
    '[DEPRECATION NOTICE] Docker Image Format v1, and Docker Image manifest version 2, schema 1 support will be removed in an upcoming release.',
    `${ID}: Error initiating layer download`,
  ])('%s', (text) => {
    expect(classifyDockerError(text).class).toBe('unknown')
  })

  it('so that no sentence above is of a class that is tried again, but those of the network', () => {
    const again = Object.keys(sentences).filter((each) =>
      sentences[each as ErrorClass]?.some(([text]) => classifyDockerError(text).retryable),
    )
    expect(again.toSorted()).toEqual(['canceled', 'network', 'rate-burst', 'registry-unavailable'])
  })
})

describe('the archive of a load', () => {
  it.each([
    daemon('unexpected EOF'),
    daemon("invalid character 'x' looking for beginning of value"),
    daemon('archive/tar: invalid tar header'),
    daemon('context canceled'),
  ])('is never the network: %s', (text) => {
    const { code, retryable } = classifyDockerError(text, 'load')
    expect([code === 'PKG-ENGINE' || code === 'PKG-MANIFEST', retryable]).toEqual([true, false])
  })

  it('meets a full disk and a missing engine as everything does', () => {
    expect(classifyDockerError(daemon('write /x: no space left on device'), 'load').class).toBe('disk-full')
    expect(
      classifyDockerError('error during connect: Post "http://192.0.2.1:2375/v1.41/images/load": EOF', 'load')
        .class,
    ).toBe('engine-unreachable')
  })
})
