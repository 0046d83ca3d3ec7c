import { asPipeError, type Code, PipeError } from '../../errors.ts'

/**
 * What a failed connection means: the failure of the catalogue for an error of Node's network, TLS and DNS modules or
 * of undici, by the codes of the error, its causes and its parts. A request that cannot be made is PKG-INTERNAL; any
 * other unknown error counts as one of the network.
 */
export const networkFault = (error: unknown, url: URL): PipeError => {
  const errors = [...unfold(error)]
  // The tunnel has put a proxy's fault into words already.
  const known = errors.find((each) => each instanceof PipeError)
  if (known) return known
  const codes = errors.map(codeOf)
  const [code, failed] = kinds.find(([pattern]) => codes.some((each) => pattern.test(each)))?.[1] ?? [
    'PKG-NETWORK',
    'did not answer',
  ]
  const said = errors.find((each) => each.message)?.message ?? codes[0] ?? ''
  // A request that cannot be made is a mistake of this program.
  if (error instanceof TypeError || codes.includes('UND_ERR_INVALID_ARG')) return asPipeError(error)
  return new PipeError(code, `${url.origin} ${failed}`, { said, cause: error })
}

/** Whether a server asks to be spoken to in HTTP/1.1 (RFC 9113, section 7: HTTP_1_1_REQUIRED, error code 13). */
export const wantsHttp1 = (error: unknown): boolean =>
  [...unfold(error)].some(({ message }) => /HTTP_1_1_REQUIRED|\bcode:? (?:13|0xd)\b/.test(message))

type Kind = [pattern: RegExp, [code: Code, failed: string]]

// Codes of libuv (getaddrinfo, sockets), of OpenSSL's X509_verify_cert and SSL errors as Node names them, and of
// undici. Any other is taken for a fault of the network.
const kinds: Kind[] = [
  [/^(?:ENOTFOUND|EAI_\w+|ENODATA|ESERVFAIL)$/, ['PKG-DNS', 'has no address']],
  [
    /^(?:CERT_HAS_EXPIRED|CERT_NOT_YET_VALID)$/,
    ['PKG-TLS-EXPIRED', 'shows a certificate that is out of date'],
  ],
  [
    /^(?:ERR_TLS_CERT_ALTNAME_INVALID|HOSTNAME_MISMATCH)$/,
    ['PKG-TLS-HOST', 'shows the certificate of another name'],
  ],
  [
    /^(?:SELF_SIGNED_CERT_IN_CHAIN|DEPTH_ZERO_SELF_SIGNED_CERT|UNABLE_TO_GET_ISSUER_CERT(?:_LOCALLY)?|UNABLE_TO_VERIFY_LEAF_SIGNATURE|CERT_UNTRUSTED|CERT_REJECTED|INVALID_CA)$/,
    ['PKG-TLS-CA', 'shows a certificate that is not trusted here'],
  ],
  [
    /^(?:ERR_SSL_\w+|ERR_TLS_\w+|EPROTO|CERT_\w+|UNABLE_TO_\w+|CRL_\w+)$/,
    ['PKG-TLS', 'makes no TLS connection'],
  ],
  [/^NOT_HTTP$/, ['PKG-NOT-A-REGISTRY', 'does not speak HTTP']],
  [
    /^(?:Z_\w+|ZSTD_\w+|ERR_(?:_ERROR|BROTLI|ZLIB|ZSTD)\w*)$/,
    ['PKG-NETWORK', 'sends a body that cannot be decoded'],
  ],
  [/^UND_ERR_HEADERS_OVERFLOW$/, ['PKG-NOT-A-REGISTRY', 'does not answer as a registry does']],
]

// The parser has one code for a stream that is not HTTP from its first byte on and for one that broke.
const codeOf = (error: Error & { code?: unknown }): string =>
  /Expected HTTP\//.test(error.message) ? 'NOT_HTTP' : String(error.code ?? '')

// An error, its causes, and (where several addresses were tried) its parts; bounded, as causes may circle.
function* unfold(error: unknown, depth = 0): Generator<Error> {
  if (!(error instanceof Error) || depth > 5) return
  yield error
  for (const part of error instanceof AggregateError ? error.errors : []) yield* unfold(part, depth + 1)
  yield* unfold(error.cause, depth + 1)
}
