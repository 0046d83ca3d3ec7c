import type { EngineName } from '../engines/engines.ts'

const withDockersStore = [
  'type-absent',
  'type-empty',
  'type-octet-stream',
  'type-binary',
  'type-text',
  'type-text-charset',
  'type-json',
  'type-json-charset',
  'type-rubbish',
  'type-binary-docker',
  'type-binary-untyped',
  'type-binary-index',
  'type-binary-below',
  'type-json-index',
  'manifest-201',
  'manifest-in-deflate',
  'manifest-in-zstd',
  'manifest-in-br',
  'coding-unknown',
  'ping-html',
  'ping-html-with-version',
  'ping-204',
  'ping-404',
  'ping-redirect',
  'ping-401-without-challenge',
  'config-lost',
  'config-windows',
  'config-without-rootfs',
  'config-rootfs-null',
  'config-fewer-ids',
  'config-more-ids',
  'config-empty',
  'config-array',
  'config-text',
  'config-nothing',
  'config-bom',
  'config-other-bytes',
  'layers-null-of-one',
  'json-layers-twice-wrong',
]

/**
 * The rows at which the pipe does not yet do as the engine does, none of them for a reason of security. Of these, the
 * pipe finds what comes with another Content-Type or Content-Encoding than the engine reads, and takes it by STORE,
 * and CHECK_ONLY does not say that the engine refuses it; CHECK_ONLY does not read a configuration as the engine does
 * before it unpacks; and where GET /v2/ answers oddly, only the engine tries. The list may only become shorter.
 */
export const open: Partial<Record<EngineName, readonly string[]>> = {
  '20.10': [...withDockersStore, 'schema1-unsigned'],
  '26.1': withDockersStore,
  '28.5': withDockersStore,
}
