import { isSecretName } from './secrets.ts'

// Variables that reach a pipe although nobody meant them for it.

// What Bitbucket hands to every pipe changes, so no exact list would be right for long.
const BITBUCKET = /^(?:CI|BITBUCKET_\w+|PIPELINES_\w+)$/

// What images, engines and shells set, and what Node.js, OpenSSL, npm and the docker CLI read.
const OTHERS = [
  /^(?:PATH|HOME|HOSTNAME|PWD|OLDPWD|SHLVL|_|USER|LOGNAME|MAIL|container|INIT_CWD|COLOR|EDITOR)$/,
  /^(?:TERM\w*|COLORTERM|NO_COLOR|FORCE_COLOR|CLICOLOR\w*|LANG|LANGUAGE|LC_\w+|LS_COLORS|TZ|TMPDIR|TMP|TEMP|DEBIAN_FRONTEND)$/,
  /^(?:NODE|NODE_\w+|UV_\w+|SSL_CERT_\w+|OPENSSL_\w+|SSLKEYLOGFILE|LD_\w+|GODEBUG)$/,
  /^DOCKER_(?:HOST|TLS\w*|CERT_PATH|CONFIG|CONTEXT|API_VERSION|BUILDKIT|CONTENT_TRUST\w*|DEFAULT_PLATFORM|CLI_\w+|CUSTOM_HEADERS|HIDE_LEGACY_COMMANDS|STACK_\w+|VERSION|TMPDIR|RAMDISK|DRIVER)$/,
  /^(?:http|https|no|all|ftp)_proxy$/i,
  /^(?:XDG_\w+|SSH_(?:AUTH_SOCK|AGENT_PID|CLIENT|CONNECTION|TTY)|SUDO_\w+|DBUS_\w+|LESS\w*|PAGER|VITEST\w*)$/,
  /^npm_/,
]

// The secrets that Bitbucket issues. Any other secret was put there by somebody, whatever it is called.
const ISSUED = ['PIPELINES_JWT_TOKEN', 'BITBUCKET_STEP_OIDC_TOKEN']

/** Whether a variable is there although the user did not write it for this pipe. */
export const isOfOthers = (name: string): boolean =>
  isSecretName(name)
    ? ISSUED.includes(name)
    : BITBUCKET.test(name) || OTHERS.some((pattern) => pattern.test(name))
