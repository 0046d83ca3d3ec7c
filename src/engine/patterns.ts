import type { ErrorClass } from './classes.ts'

// A code that registries use stands at the beginning of a part of the line.
const code = (name: string) => new RegExp(`(?:^|: )${name}(?::|$)`, 'i')

// The places in which engines print the status of an answer: `received unexpected HTTP status: 520`, `unexpected
// status from GET request to _: 502 Bad Gateway`, `error parsing HTTP 408 response body`. Statuses that only
// Cloudflare and nginx use come without a text.
const status = (codes: string) =>
  new RegExp(`\\b(?:status(?: code|[^:]*:)|HTTP) (?:${codes})(?: [A-Z]|:| response body\\b|$)`)

// While an engine unpacks a layer, a stream that ends early is a file that ends early, and no fault of the network.
const unpacking =
  '\\b(?:failed to register layer|error processing tar file|ApplyLayer|failed to extract layer|apply layer error for|failed to (?:read next archive header|decompress archive)|failed to unpack (?:loaded )?image)'

/**
 * What a line must say to be of a class; the first that fits decides. Lines arrive with names masked (`mask-names.ts`).
 * A word that registries use as a code must begin a part of the line, and the texts of errno must end it. The words are
 * those of docker 20.10 to 29, and of containerd, distribution and Go in them.
 */
export const patterns: readonly (readonly [RegExp, ErrorClass])[] = [
  // The engine is not there. Before everything about networks, whose words are the same.
  [/^(?:docker: |ERROR: )?error during connect: /i, 'engine-unreachable'],
  [/\bis the docker daemon running\b|\bis 'docker daemon' running\b/i, 'engine-unreachable'],
  [/\b(?:cannot|failed to) connect to the docker (?:daemon|API)\b/i, 'engine-unreachable'],
  [/\btrying to connect to the docker (?:daemon socket|API)\b/i, 'engine-unreachable'],
  [/\bconnect to a TLS-enabled daemon without TLS\b|\(--tlsverify\) enabled\b/, 'engine-unreachable'],
  [/^Error response from daemon: Client sent an HTTP request to an HTTPS server\b/, 'engine-unreachable'],
  [/\bunable to (?:resolve docker endpoint|parse docker host)\b/, 'engine-unreachable'],
  [
    /\brequest returned (?:Bad Gateway|Service Unavailable|Gateway Timeout)\b.* check if the server supports\b/,
    'engine-unreachable',
  ],
  [/\bclient version \S+ is too (?:new|old)\b/i, 'api-version'],
  [/\brequires API version \S+, but the Docker (?:daemon|server) API version is\b/i, 'api-version'],
  [
    /\bclient is newer than server\b|\bcheck if the server supports the requested API version\b/i,
    'api-version',
  ],
  [/^Error response from daemon: page not found$|\brequires API v1\.\d+ or later$/, 'api-version'],
  [/\bauthorization denied by plugin\b|\bunable to upgrade to tcp, received 403\b/, 'pipelines-plugin'],

  // The engine's own side of a pull, a load, a container.
  [/\bcannot be mapped to a host ID\b/, 'uid-map'],
  [/\blchown .*: invalid argument\b/i, 'uid-map'],
  [/\b(?:no space left on device|disk quota exceeded)(?:: unknown)?[.)]*$/i, 'disk-full'],
  [/\bThin Pool has \d+ free (?:meta)?data blocks which is less than\b/, 'disk-full'],
  [/\bsignal: killed\b|^Killed$|\bcannot allocate memory(?:: unknown)?[.)]*$/, 'engine-memory'],
  [
    /\bcontainer init was OOM-killed\b|\bruntime: out of memory\b|\bcode = Unavailable desc = connection error\b/,
    'engine-memory',
  ],
  [/\berror (?:getting|saving|storing) credentials\b/i, 'credential-helper'],
  [/^(?:.*: )?open \S*\/docker-import-\S*: no such file or directory$/, 'archive-format'],
  [
    /\binvalid archive: |\bunrecognized image format$|\bmissing index\.json in OCI layout\b/,
    'archive-format',
  ],
  [
    /\bunsupported OCI version\b|\buntar (?:manifest|oci layout) "_": |\bfailed to ingest "_": /,
    'archive-format',
  ],
  [/\b(?:image config|layer) "_" not found$|\bno target for symlink layer\b/, 'archive-format'],
  [/\bfailed to decompress input tar archive\b|\bfailed to resolve layers\b/, 'archive-format'],
  [/\bfailure checking for compressed blobs\b|\bfailed to detect media type of layer\b/, 'archive-format'],
  [/\bstdin is empty$|\binvalid manifest, manifest cannot be null\b/, 'archive-format'],
  [/: content digest \S+: not found$|\bno suitable export target found\b/, 'multi-platform-save'],
  [/\bno such (?:image|object): /i, 'no-such-image'],
  [/\bno such container: |\bcontainer \S+ is not running$/i, 'container-gone'],
  [/\bcannot attach to a (?:stopped|paused|restarting) container\b/i, 'container-gone'],
  [/\bcontainer is marked for removal\b/i, 'container-gone'],

  // What is wrong with a layer. Before the network, which has the same words for a stream that ends too early.
  [/\bmax depth exceeded\b/, 'layer-depth'],
  [
    /\b(?:Error processing tar file\(exit status \d+\)|ApplyLayer exit status \d+ stdout: {1,2}stderr): +(?:unexpected EOF|archive\/tar: invalid tar header)$/,
    'zstd',
  ],
  [
    new RegExp(
      `${unpacking}.*: (?:(?:unexpected )?EOF|archive/tar: [a-z ]+|(?:gzip|zlib|zstd|flate|bzip2): .*|magic number mismatch|unexpected end of file|exit status \\d+: .+|unhandled tar header type \\d+|invalid (?:sym|hard)link ".*|".*" is outside of ".*|(?:xz|unpigz|gzip): .*)(?:: unknown)?$`,
      'i',
    ),
    'layer',
  ],
  [/\bcould not get decompression stream: /, 'layer'],
  [/\barchive\/tar: (?:invalid tar header|missed writing|header field too long)/, 'layer'],
  [
    /\bgzip: invalid (?:header|checksum)\b|\bflate: corrupt input\b|\bunsupported compression format\b/i,
    'layer',
  ],

  // What is not there. Before the words below, because registries put a name after these codes.
  [/\bmanifest for @digest not found\b|\bresolve reference "@digest": .*\bnot found\b/, 'digest-unknown'],
  [
    /\bcontent at @digest not found\b|\bto @digest: 404\b|(?:^|: )artifact @digest not found$/,
    'digest-unknown',
  ],
  [/\bcould not fetch content (?:descriptor )?\S+ .*from remote: not found$/, 'part-missing'],
  [/\bcontent at @blob not found\b|\bstatus code @blob: 404\b/, 'part-missing'],
  [/(?:^|: )(?:unknown blob|(?:manifest )?blob unknown)\b/i, 'part-missing'],
  [
    /(?:^|: )(?:name|repository) unknown(?::|$)|(?:^|: )repository name not known to registry\b/i,
    'name-unknown',
  ],
  [/(?:^|: )(?:repository|project) \S+ not found(?::|$)/i, 'name-unknown'],
  [/(?:^|: )(?:manifest unknown|tag invalid)(?::|$)|\bmanifest for _ not found\b/i, 'manifest-unknown'],

  // Limits, of three kinds.
  [/\btoo many failed login attempts\b|\baccount (?:is|has been) (?:temporarily )?locked\b/i, 'lockout'],
  [/\bpull rate limit\b/i, 'quota'],
  [/(?<![\w./-])quota(?![\w/:-]).*\bexceeded\b|\bexceeded\b.*(?<![\w./-])quota(?![\w/:-])/i, 'quota'],
  [/\bdata transfer limit\b/i, 'quota'],
  [code('toomanyrequests'), 'rate-burst'],
  [/\btoo many requests\b|\brate exceeded\b|\brate limit exceeded\b/i, 'rate-burst'],
  [/(?:^|: )retry-after: /i, 'rate-burst'],
  [status('429'), 'rate-burst'],

  // What the image is.
  [/\bdistribution\.manifest\.v1\+/, 'schema1'],
  [/\bschema 1 (?:support (?:is disabled|has been removed)|not supported|conversion failed)\b/, 'schema1'],
  [/\bschema 1 image manifests are no longer supported\b|\binvalid schema 1 manifest\b/, 'schema1'],
  [/\bmissing signature key$|\bmanifest schema v1 unsupported\b|\bunsupported schema version 1\b/, 'schema1'],
  [/\bno FSLayers in manifest\b|\blength of history not equal to number of layers\b/, 'schema1'],
  [
    /\bno matching manifest for\b|\bno match for platform\b|\bno images providing the requested platform\b/,
    'platform',
  ],
  [
    /\bprovide (?:the (?:specified|requested)|any) platform\b|\bdoes not match the specified platform\b/,
    'platform',
  ],
  [/\brequested platform(?:\(s\))? \(.*\)(?: not)? found\b|\bdoes not support platform\b/, 'platform'],
  [
    /\bimage operating system\b.* cannot be used on this platform\b|\bunsupported (?:image )?operating system\b/,
    'platform',
  ],
  [/\bcannot download image with operating system\b|\bcannot load \w+ image on \w+$/, 'platform'],
  [/\bexec format error\b|\boperating system is not supported\b/, 'platform'],
  [/\b(?:filesystem layer|manifest|image config|image) verification failed\b/, 'integrity'],
  [
    /\bunexpected commit (?:digest|size)\b|\bfailed size validation\b|\bcould not validate layer digest\b/,
    'integrity',
  ],
  [/\bunexpected (?:digest|size): \S+ != /, 'integrity'],
  [/\binvalid diffID for layer\b|\bwrong diff id\b|(?:^|: )(?:digest|size) invalid(?::|$)/i, 'integrity'],
  [/\bAI models are not (?:yet )?supported\b|\bRunning AI models directly\b/, 'artifact'],
  [/\bunsupported media type application\/vnd\.(?!docker|oci)|^(?:.*: )?Encountered remote "/, 'artifact'],
  [/\bmedia ?type\b.*[ ']text\/html\b|\bunknown type text\/html\b/i, 'not-a-registry'],
  [
    /\b(?:unsupported|unexpected|unknown|invalid|incorrect|unrecognised) (?:\w+ ){0,2}media ?type\b|\bno processor for media-type\b/i,
    'manifest',
  ],
  [/\bmedia-type: (?:cannot determine|".*" should not have)\b/, 'manifest'],
  [/\bin header not a valid digest\b/, 'not-a-registry'],
  [/\binvalid checksum digest (?:format|length)\b|\bunsupported digest algorithm\b/, 'manifest'],
  [/\bunable to fetch descriptor \(\S+\) which reports content size of zero\b/, 'manifest'],
  [/\bmediaType in (?:manifest|manifest list|image index) should be\b/, 'manifest'],
  [
    /\bexpected (?:manifest|index) but found (?:index|manifest)\b|\bunsupported manifest format\b/,
    'manifest',
  ],
  [
    /\blayers from manifest don't match\b|\bmismatched image rootfs\b|\blayers and diffIDs don't match\b/,
    'manifest',
  ],
  [
    /\binvalid rootfs in image configuration\b|\bno RootFS key\b|\btoo many non-empty layers in History\b/,
    'manifest',
  ],
  [/\binvalid manifest, layers length mismatch\b|\binvalid manifest: not schema2\b/, 'manifest'],
  [/(?:^|: )manifest (?:invalid|unverified)(?::|$)|\bmanifest failed signature verification\b/i, 'manifest'],
  [/\bunsupported schema version \d+ for\b|\brejecting \d+ byte manifest\b/, 'manifest'],
  [/\bjson: cannot unmarshal\b|\bcould not deserialize image config\b/, 'manifest'],
  [
    /\bdescriptor is(?: neither a manifest or index|n't a manifest)$|\binvalid digest for referenced layer\b/,
    'manifest',
  ],
  [/\binvalid reference format\b|\binvalid repository name \(.*\), cannot specify\b/, 'reference'],
  [/\bno endpoints found for\b|\bunable to parse server address\b/, 'reference'],

  // TLS.
  [/\bx509: .*\b(?:signed by unknown authority|is not trusted|no roots provided)\b/, 'tls-ca'],
  [/\bx509: .*\bhas expired or is not yet valid\b/, 'tls-expired'],
  [/\bx509: .*\b(?:is valid for .*, not|not valid for any names|IP SANs|Common Name)\b/, 'tls-host'],
  [/\bTLS handshake timeout\b/, 'network-timeout'],
  [/\btls: bad record MAC\b/, 'network'],
  [/\bx509: |\btls: |\bserver gave HTTP response to HTTPS client\b|\bmalformed HTTP response\b/, 'tls'],

  // The network. Names first: the error of one that cannot be looked up ends in the words of a failed connection.
  [/\blookup \S+(?: on \S+)?: |\bno such host\b|\bserver misbehaving\b/, 'dns'],
  [/\bTemporary failure in name resolution\b/i, 'dns'],
  [/\bcontext deadline exceeded\b|\bClient\.Timeout\b|\bi\/o timeout\b/, 'network-timeout'],
  [/\bconnection timed out\b|\btimeout awaiting response headers\b/i, 'network-timeout'],
  [status('408'), 'network-timeout'],

  // What the registry answered, its status first and its code after.
  [status('425|499|500|502|503|504|520|522|524|529'), 'registry-unavailable'],
  [
    /: 5(?:00 Internal Server Error|02 Bad Gateway|03 Service Unavailable|04 Gateway Time-?out)\b/i,
    'registry-unavailable',
  ],
  [/^(?:.*: )?(?:Bad Gateway|Service Unavailable|Gateway Time-?out)$/i, 'registry-unavailable'],
  [/(?:^|: )unavailable: /i, 'registry-unavailable'],
  [
    /\binvalid character '<' looking for beginning of value\b|(?:^|: )(?:denied|unknown): <[!a-z]/i,
    'not-a-registry',
  ],
  // A token server without a token service, or an answer to CONNECT: both end the request of an address.
  [/\b(?:Get|Head|Post) "\S+": (?:unknown: .*|Not Found|Method Not Allowed|Bad Request)$/, 'not-a-registry'],
  [/\blogin attempt to _ failed with status: 404\b/, 'not-a-registry'],
  [status('404'), 'manifest-unknown'],
  [status('403'), 'denied-ambiguous'],
  [
    /\binvalid character .* looking for beginning of value\b|\berror parsing HTTP \d+ response body\b/,
    'not-a-registry',
  ],
  [/\bno token in bearer response\b|\bauthorization server did not include a token\b/, 'not-a-registry'],
  [
    /\bunable to decode token response\b|\btoken auth challenge\b|\bfailed to find supported auth scheme\b/,
    'not-a-registry',
  ],
  [/\bmissing or empty Content-(?:Type|Length) header\b|\bmissing content-length header\b/, 'not-a-registry'],
  [/\bContent-Range\b|\bHTTP 206 from byte range request\b|\bunhandled content range\b/, 'not-a-registry'],
  [/\bunsupported Content-Encoding\b|\bfailed parsing content-type\b/, 'not-a-registry'],
  [/\berror parsing content-length\b|\bserver doesn't support byte ranges\b/, 'not-a-registry'],
  [/\bstopped after 10 redirects\b/, 'not-a-registry'],
  [/: Proxy Authentication Required$|^(?:.*"_": )Forbidden$/, 'not-a-registry'],
  [/\bno basic auth credentials\b|\bno matching credentials were found\b/i, 'no-credential'],
  [/\bmissing username or secret$|\bfailed to fetch anonymous token: .* 40[13]\b/, 'no-credential'],
  [/^(?:Error: )?username and password required$|\bnon[- ]TTY device\b/i, 'empty-variable'],
  [
    /\bmust provide --username with --password-stdin\b|\boption requires --username to be set\b/i,
    'empty-variable',
  ],
  [
    /\b(?:username|password) is (?:empty|required)$|^(?:Error: )?(?:Non-null Username|Password) Required$/i,
    'empty-variable',
  ],
  [code('unauthorized'), 'credential'],
  [/\b401 Unauthorized\b|\bincorrect username or password\b|\binvalid_token\b/i, 'credential'],
  [/(?:^|: )authentication required\b/, 'credential'],
  [status('401'), 'credential'],
  [/(?:^|: )(?:name invalid\b|invalid repository name)/i, 'name-unknown'],
  [/(?:^|: |, )(?:artifact|tag) \S+ (?:not found$|was deleted or has expired\b)/i, 'manifest-unknown'],
  [/(?:^|: )(?:unknown|error from registry): (?:404 )?(?:page )?not found\b/i, 'manifest-unknown'],
  [
    /\bmanifest unknown\b|\bimage manifest does not exist for tag or digest\b|: 404 Not Found$/,
    'manifest-unknown',
  ],
  [/\bfailed to resolve (?:reference|image)\b.*: not found$|\bcontent at _ not found\b/, 'manifest-unknown'],
  [code('denied'), 'denied-ambiguous'],
  [/\bpull access denied\b|\b403 Forbidden\b|\binsufficient_scope\b/i, 'denied-ambiguous'],
  [/\brequested access to the resource is denied\b/i, 'denied-ambiguous'],

  // Nothing more exact: a connection that ended.
  [/(?:^|: )(?:unexpected )?EOF$|\bconnection (?:reset by peer|refused)\b|\bbroken pipe\b/, 'network'],
  [/\bno route to host\b|\bnetwork is unreachable\b|\buse of closed network connection\b/, 'network'],
  [
    /\bhttp2: .*\b(?:GOAWAY|connection lost)\b|\bstream error: stream ID\b|\btransport is closing\b/,
    'network',
  ],
  [/\bconnection error: [A-Z]+_ERROR\b|\btransport connection broken\b/, 'network'],
  [/\bserver closed idle connection\b|\b(?:unable|failed) to discard to offset\b/, 'network'],
  [/\bcontext canceled\b|\brequest canceled\b|\bcancelled during retry delay\b/, 'canceled'],
  [/\blayer registration cancelled\b/, 'canceled'],
]
