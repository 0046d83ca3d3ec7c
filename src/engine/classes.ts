import type { Code } from '../errors.ts'

/** What kinds of failure the docker CLI's text tells apart, and the code of the catalogue for each. */
export const codes = {
  'engine-unreachable': 'PKG-ENGINE-UNREACHABLE',
  'engine-memory': 'PKG-ENGINE-UNREACHABLE',
  'api-version': 'PKG-ENGINE-API',
  'pipelines-plugin': 'PKG-ENGINE-DENIED',
  'uid-map': 'PKG-ENGINE-UID',
  'disk-full': 'PKG-DISK-FULL',
  'no-such-image': 'PKG-ENGINE',
  'credential-helper': 'PKG-ENGINE',
  'archive-format': 'PKG-ENGINE',
  'multi-platform-save': 'PKG-ENGINE',

  lockout: 'PKG-LOCKOUT',
  quota: 'PKG-QUOTA',
  'rate-burst': 'PKG-RATE-LIMIT',
  'registry-unavailable': 'PKG-REGISTRY-UNAVAILABLE',
  'not-a-registry': 'PKG-NOT-A-REGISTRY',
  'empty-variable': 'PKG-CREDENTIALS-MISSING',
  credential: 'PKG-AUTH-REFUSED',
  'no-credential': 'PKG-ACCESS-DENIED',
  'denied-ambiguous': 'PKG-ACCESS-DENIED',

  'name-unknown': 'PKG-PACKAGE-UNKNOWN',
  'manifest-unknown': 'PKG-TAG-UNKNOWN',
  'digest-unknown': 'PKG-DIGEST-UNKNOWN',
  platform: 'PKG-PLATFORM',
  integrity: 'PKG-INTEGRITY',
  manifest: 'PKG-MANIFEST',
  schema1: 'PKG-SCHEMA1',
  reference: 'PKG-CONFIG',

  'tls-ca': 'PKG-TLS-CA',
  'tls-host': 'PKG-TLS-HOST',
  'tls-expired': 'PKG-TLS-EXPIRED',
  tls: 'PKG-TLS',
  dns: 'PKG-DNS',
  'network-timeout': 'PKG-NETWORK',
  network: 'PKG-NETWORK',
  canceled: 'PKG-NETWORK',

  unknown: 'PKG-ENGINE',
} as const satisfies Record<string, Code>

export type ErrorClass = keyof typeof codes

/** Classes that say little: a line of another class tells more, even if it stands before. */
export const vague: readonly ErrorClass[] = ['denied-ambiguous', 'canceled', 'network']

/**
 * What a line must say to be of a class; the first that fits decides. Lines arrive with what stands in quotes,
 * URLs and image names masked (`_`), so that no package called `unauthorized` is a failed login. A word that
 * registries use as a code must begin a part of the line, and the texts of errno must end it.
 */
export const patterns: readonly (readonly [RegExp, ErrorClass])[] = [
  // The engine is not there. Before everything about networks: the same faults, another address.
  [/^(?:docker: |ERROR: )?error during connect: /i, 'engine-unreachable'],
  [/\bis the docker daemon running\b/i, 'engine-unreachable'],
  [/\b(?:cannot|failed to) connect to the docker (?:daemon|API)\b/i, 'engine-unreachable'],
  [/\btrying to connect to the docker (?:daemon socket|API)\b/i, 'engine-unreachable'],
  [/\bclient version \S+ is too (?:new|old)\b/i, 'api-version'],
  [/\brequires API version \S+, but the Docker (?:daemon|server) API version is\b/i, 'api-version'],
  [/\bclient is newer than server\b/i, 'api-version'],
  [/\bauthorization denied by plugin\b/, 'pipelines-plugin'],

  // The engine's own side of a pull, a load, a save.
  [/\bcannot be mapped to a host ID\b/, 'uid-map'],
  [/\blchown .*: invalid argument\b/i, 'uid-map'],
  [/\b(?:no space left on device|disk quota exceeded)(?:: unknown)?[.)]*$/, 'disk-full'],
  [/\bsignal: killed\b|^Killed$|\bcannot allocate memory(?:: unknown)?[.)]*$/, 'engine-memory'],
  [/\berror (?:getting|saving|storing) credentials\b/i, 'credential-helper'],
  [/^open \S*\/docker-import-\S*: no such file or directory$/, 'archive-format'],
  [/\binvalid archive: does not contain a manifest/, 'archive-format'],
  [/: content digest \S+: not found$|\bno suitable export target found\b/, 'multi-platform-save'],
  [/\bno such (?:image|object): /i, 'no-such-image'],

  // Too much, of three kinds.
  [/\btoo many failed login attempts\b|\baccount (?:is|has been) (?:temporarily )?locked\b/i, 'lockout'],
  [/\bpull rate limit\b/i, 'quota'],
  [/\bquota\b.*\bexceeded\b|\bexceeded\b.*\bquota\b|\bdata transfer limit\b/i, 'quota'],
  [/(?:^|: )toomanyrequests(?::|$)|\btoo many requests\b|\brate exceeded\b/i, 'rate-burst'],
  [/(?:^|: )retry-after: |\berror parsing HTTP 429 response body\b/i, 'rate-burst'],

  // What the image is.
  [/\bmanifest\.v1\+(?:prettyjws|json)\b|\bschema 1 support is disabled\b/, 'schema1'],
  [/\bmissing signature key$/, 'schema1'],
  [/\bno matching manifest for\b|\bno match for platform\b/, 'platform'],
  [/\bdoes not (?:match|provide) the (?:specified|requested) platform\b/, 'platform'],
  [/\bimage operating system \S+ cannot be used on this platform\b/, 'platform'],
  [/\bexec format error\b/, 'platform'],
  [/\b(?:filesystem layer|manifest|image config) verification failed\b/, 'integrity'],
  [/\bunexpected commit digest\b|\bfailed size validation\b/, 'integrity'],
  [/\bmedia ?type\b.*: text\/html\b|\bunknown type text\/html\b/i, 'not-a-registry'],
  [/\bunsupported (?:manifest )?media ?type\b|\binvalid rootfs in image configuration\b/i, 'manifest'],
  [/\binvalid tar header\b|\bgzip: invalid header\b|\bunexpected media ?type\b/i, 'manifest'],
  [/\binvalid reference format\b/, 'reference'],

  // TLS.
  [/\bx509: .*\b(?:signed by unknown authority|is not trusted)\b/, 'tls-ca'],
  [/\bx509: .*\bhas expired or is not yet valid\b/, 'tls-expired'],
  [/\bx509: .*\b(?:is valid for .*, not|not valid for any names|IP SANs|Common Name)\b/, 'tls-host'],
  [/\bTLS handshake timeout\b/, 'network-timeout'],
  [/\bx509: |\btls: |\bserver gave HTTP response to HTTPS client\b|\bmalformed HTTP response\b/, 'tls'],

  // The network. A name that cannot be looked up ends in the words of a connection that cannot be made.
  [/\blookup \S+(?: on \S+)?: |\bno such host\b|\bserver misbehaving\b/, 'dns'],
  [/\bTemporary failure in name resolution\b/i, 'dns'],
  [/\bcontext deadline exceeded\b|\bClient\.Timeout\b|\bi\/o timeout\b/, 'network-timeout'],
  [/\bconnection timed out\b|\btimeout awaiting response headers\b/i, 'network-timeout'],
  [/\berror parsing HTTP 408 response body\b|\b408 Request Timeout\b/, 'network-timeout'],

  // What the registry answered, its status first and its code after.
  [
    /: 5(?:00 Internal Server Error|02 Bad Gateway|03 Service Unavailable|04 Gateway Time-?out)\b/i,
    'registry-unavailable',
  ],
  [/^(?:.*: )?(?:Bad Gateway|Service Unavailable|Gateway Time-?out)$/i, 'registry-unavailable'],
  [
    /\binvalid character .* looking for beginning of value\b|\berror parsing HTTP \d+ response body\b/,
    'not-a-registry',
  ],
  [/\bno token in bearer response\b|\bauthorization server did not include a token\b/, 'not-a-registry'],
  [/\blogin attempt to _ failed with status: 404\b/, 'not-a-registry'],
  [/: Proxy Authentication Required$|^(?:.*"_": )Forbidden$/, 'not-a-registry'],
  [/\bno basic auth credentials\b|\bno matching credentials were found\b/i, 'no-credential'],
  [/^(?:Error: )?username and password required$|\bnon[- ]TTY device\b/i, 'empty-variable'],
  [/\bmust provide --username with --password-stdin\b|\bpassword is empty\b/i, 'empty-variable'],
  [/(?:^|: )unauthorized(?::|$)|\b401 Unauthorized\b|\bincorrect username or password\b/i, 'credential'],
  [
    /\bname unknown\b|\brepository name not known to registry\b|(?:^|: )(?:name invalid\b|invalid repository name)/i,
    'name-unknown',
  ],
  [/\bmanifest for @digest not found\b|\bresolve reference "@digest": .*\bnot found\b/, 'digest-unknown'],
  [/\bmanifest unknown\b|\bmanifest for _ not found\b|: 404 Not Found$/, 'manifest-unknown'],
  [/\bfailed to resolve (?:reference|image)\b.*: not found$/, 'manifest-unknown'],
  [
    /(?:^|: )denied(?::|$)|\bpull access denied\b|\b403 Forbidden\b|\binsufficient_scope\b/i,
    'denied-ambiguous',
  ],

  // Nothing more exact: a connection that ended.
  [/(?:^|: )(?:unexpected )?EOF$|\bconnection (?:reset by peer|refused)\b|\bbroken pipe\b/, 'network'],
  [/\bno route to host\b|\bnetwork is unreachable\b|\buse of closed network connection\b/, 'network'],
  [
    /\bhttp2: .*\b(?:GOAWAY|connection lost)\b|\bstream error: stream ID\b|\btransport is closing\b/,
    'network',
  ],
  [/\bserver closed idle connection\b/, 'network'],
  [/\bcontext canceled\b/, 'canceled'],
]
