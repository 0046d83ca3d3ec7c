import type { EngineName } from '../engines/engines.ts'

/** The rows that engines do not pull: what they say, and which of them. */
export const refusals: Record<string, Record<string, 'all' | readonly EngineName[]>> = {
  'docker-image-untyped': {
    "mediaType in manifest should be 'application/vnd.docker.distribution.manifest.v2+json' not": [
      '20.10',
      '26.1',
      '28.5',
    ],
  },
  'docker-list-untyped': {
    "mediaType in manifest list should be 'application/vnd.docker.distribution.manifest.list.v2+json' not": [
      '20.10',
      '26.1',
      '28.5',
    ],
  },
  'nested-index': { 'unsupported manifest format': ['20.10'] },
  'media-type-number': {
    'json: cannot unmarshal number into Go struct field Manifest.mediaType of type string': ['20.10', '28.5'],
    'json: cannot unmarshal number into Go struct field Manifest.Versioned.mediaType of type string': [
      '26.1',
    ],
    'json: cannot unmarshal number into Go struct field unknownDocument.mediaType of type string': [
      '28.5-containerd',
    ],
  },
  'header-docker-body-oci': {
    "mediaType in manifest should be 'application/vnd.docker.distribution.manifest.v2+json' not": [
      '20.10',
      '26.1',
      '28.5',
    ],
  },
  'header-oci-body-docker': {
    "if present, mediaType in manifest should be 'application/vnd.oci.image.manifest.v1+json' not": [
      '20.10',
      '26.1',
      '28.5',
    ],
  },
  'header-index-body-image': {
    'index: expected index but found manifest': ['20.10', '26.1', '28.5'],
    'media-type: expected index but found manifest (application/vnd.oci.image.index.v1+json)': [
      '28.5-containerd',
    ],
  },
  'header-image-body-index': {
    'ocimanifest: expected manifest but found index': ['20.10', '26.1', '28.5'],
    'media-type: expected manifest but found index (application/vnd.oci.image.manifest.v1+json)': [
      '28.5-containerd',
    ],
  },
  'image-with-manifests': {
    'ocimanifest: expected manifest but found index': ['20.10', '26.1', '28.5'],
    'media-type: expected manifest but found index (application/vnd.oci.image.manifest.v1+json)': [
      '28.5-containerd',
    ],
  },
  'image-with-manifests-untyped': {
    'ocimanifest: expected manifest but found index': ['20.10', '26.1', '28.5'],
    'media-type: expected manifest but found index (application/vnd.oci.image.manifest.v1+json)': [
      '28.5-containerd',
    ],
  },
  'index-with-layers': {
    'index: expected index but found manifest': ['20.10', '26.1', '28.5'],
    'media-type: expected index but found manifest (application/vnd.oci.image.index.v1+json)': [
      '28.5-containerd',
    ],
  },
  'index-with-config-null': {
    'media-type: expected index but found manifest (application/vnd.oci.image.index.v1+json)': [
      '28.5-containerd',
    ],
  },
  'image-with-manifests-null': {
    'media-type: expected manifest but found index (application/vnd.oci.image.manifest.v1+json)': [
      '28.5-containerd',
    ],
  },
  'image-with-manifests-empty': {
    'ocimanifest: expected manifest but found index': ['20.10', '26.1', '28.5'],
    'media-type: expected manifest but found index (application/vnd.oci.image.manifest.v1+json)': [
      '28.5-containerd',
    ],
  },
  'image-with-fslayers': { 'media-type: schema 1 not supported': ['28.5-containerd'] },
  'schema-version-text': {
    'json: cannot unmarshal string into Go struct field Manifest.schemaVersion of type int': [
      '20.10',
      '28.5',
      '28.5-containerd',
    ],
    'json: cannot unmarshal string into Go struct field Manifest.Versioned.schemaVersion of type int': [
      '26.1',
    ],
  },
  'type-absent': {
    'missing or empty Content-Type header': ['20.10', '26.1', '28.5'],
    'failed to copy: httpReadSeeker: failed open: could not fetch content descriptor': ['28.5-containerd'],
  },
  'type-empty': {
    'missing or empty Content-Type header': ['20.10', '26.1', '28.5'],
    'failed to copy: httpReadSeeker: failed open: could not fetch content descriptor': ['28.5-containerd'],
  },
  'type-octet-stream': {
    'missing signature key': ['20.10', '26.1', '28.5'],
    'failed to copy: httpReadSeeker: failed open: could not fetch content descriptor': ['28.5-containerd'],
  },
  'type-binary': {
    'missing signature key': ['20.10', '26.1', '28.5'],
    'failed to copy: httpReadSeeker: failed open: could not fetch content descriptor': ['28.5-containerd'],
  },
  'type-text': {
    'missing signature key': ['20.10', '26.1', '28.5'],
    'not implemented: media type "application/vnd.docker.distribution.manifest.v1+prettyjws" is no longer': [
      '28.5-containerd',
    ],
  },
  'type-text-charset': {
    'missing signature key': ['20.10', '26.1', '28.5'],
    'not implemented: media type "application/vnd.docker.distribution.manifest.v1+prettyjws" is no longer': [
      '28.5-containerd',
    ],
  },
  'type-html': {
    'missing signature key': ['20.10', '26.1', '28.5'],
    'failed to copy: httpReadSeeker: failed open: could not fetch content descriptor': ['28.5-containerd'],
  },
  'type-json': {
    'missing signature key': ['20.10', '26.1', '28.5'],
    'failed to copy: httpReadSeeker: failed open: could not fetch content descriptor': ['28.5-containerd'],
  },
  'type-json-charset': {
    'missing signature key': ['20.10', '26.1', '28.5'],
    'failed to copy: httpReadSeeker: failed open: could not fetch content descriptor': ['28.5-containerd'],
  },
  'type-capitals': {
    'failed to copy: httpReadSeeker: failed open: could not fetch content descriptor': ['28.5-containerd'],
  },
  'type-blanks': {
    'failed to copy: httpReadSeeker: failed open: could not fetch content descriptor': ['28.5-containerd'],
  },
  'type-rubbish': {
    'missing signature key': ['20.10', '26.1', '28.5'],
    'failed to copy: httpReadSeeker: failed open: could not fetch content descriptor': ['28.5-containerd'],
  },
  'type-unknown': {
    'missing signature key': ['20.10', '26.1', '28.5'],
    'failed to copy: httpReadSeeker: failed open: could not fetch content descriptor': ['28.5-containerd'],
  },
  'type-binary-docker': {
    'missing signature key': ['20.10', '26.1', '28.5'],
    'failed to copy: httpReadSeeker: failed open: could not fetch content descriptor': ['28.5-containerd'],
  },
  'type-binary-untyped': {
    'missing signature key': ['20.10', '26.1', '28.5'],
    'failed to copy: httpReadSeeker: failed open: could not fetch content descriptor': ['28.5-containerd'],
  },
  'type-binary-index': {
    'missing signature key': ['20.10', '26.1', '28.5'],
    'failed to copy: httpReadSeeker: failed open: could not fetch content descriptor': ['28.5-containerd'],
  },
  'type-binary-below': { 'missing signature key': ['20.10', '26.1', '28.5'] },
  'type-json-index': {
    'missing signature key': ['20.10', '26.1', '28.5'],
    'failed to copy: httpReadSeeker: failed open: could not fetch content descriptor': ['28.5-containerd'],
  },
  'digest-wrong': {
    'manifest unknown': ['20.10', '26.1', '28.5'],
    'failed to copy: httpReadSeeker: failed open: content at': ['28.5-containerd'],
  },
  'digest-sha512': { 'commit failed: unexpected commit digest': ['28.5-containerd'] },
  'digest-rubbish': {
    'invalid checksum digest format': ['20.10', '26.1', '28.5'],
    'latest" in header not a valid digest: invalid checksum digest format': ['28.5-containerd'],
  },
  'digest-capitals': {
    'invalid checksum digest format': ['20.10', '26.1', '28.5'],
    'in header not a valid digest: invalid checksum digest format': ['28.5-containerd'],
  },
  'digest-sha384': {
    'unsupported digest algorithm': ['20.10', '26.1', '28.5'],
    'in header not a valid digest: unsupported digest algorithm': ['28.5-containerd'],
  },
  'other-bytes': {
    'manifest verification failed for digest': ['20.10', '26.1', '28.5'],
    'commit failed: unexpected commit digest': ['28.5-containerd'],
  },
  chunked: { 'missing or empty Content-Length header': ['20.10', '26.1', '28.5'] },
  'manifest-cut': {
    'unexpected EOF': ['20.10', '26.1', '28.5'],
    'short read: expected 401 bytes but got 50: unexpected EOF': ['28.5-containerd'],
  },
  'manifest-empty': {
    'unexpected end of JSON input': ['20.10', '26.1', '28.5'],
    ') which reports content size of zero: invalid argument': ['28.5-containerd'],
  },
  'manifest-in-gzip': { 'failed size validation: 401 != 250: failed precondition': ['28.5-containerd'] },
  'manifest-in-deflate': {
    "invalid character 'x' looking for beginning of value": ['20.10', '26.1', '28.5'],
    'failed to copy: flate: corrupt input before offset 5': ['28.5-containerd'],
  },
  'config-in-deflate': {
    'error pulling image configuration: image config verification failed for digest': [
      '20.10',
      '26.1',
      '28.5',
    ],
    'failed to copy: flate: corrupt input before offset 5': ['28.5-containerd'],
  },
  'layer-in-deflate': {
    'filesystem layer verification failed for digest': ['20.10', '26.1', '28.5'],
    'failed to copy: flate: corrupt input before offset 5': ['28.5-containerd'],
  },
  'manifest-in-zstd': {
    "invalid character '(' looking for beginning of value": ['20.10', '26.1', '28.5'],
    'failed size validation: 401 != 249: failed precondition': ['28.5-containerd'],
  },
  'config-in-zstd': {
    'error pulling image configuration: image config verification failed for digest': [
      '20.10',
      '26.1',
      '28.5',
    ],
  },
  'layer-in-zstd': { 'filesystem layer verification failed for digest': ['20.10', '26.1', '28.5'] },
  'manifest-in-br': {
    "invalid character '\\x1b' looking for beginning of value": ['20.10', '26.1', '28.5'],
    'failed to copy: httpReadSeeker: failed open: unsupported Content-Encoding algorithm: br': [
      '28.5-containerd',
    ],
  },
  'config-in-br': {
    'error pulling image configuration: image config verification failed for digest': [
      '20.10',
      '26.1',
      '28.5',
    ],
    'failed to copy: httpReadSeeker: failed open: unsupported Content-Encoding algorithm: br': [
      '28.5-containerd',
    ],
  },
  'layer-in-br': {
    'filesystem layer verification failed for digest': ['20.10', '26.1', '28.5'],
    'failed to copy: httpReadSeeker: failed open: unsupported Content-Encoding algorithm: br': [
      '28.5-containerd',
    ],
  },
  'coding-negotiated': { 'failed size validation: 401 != 249: failed precondition': ['28.5-containerd'] },
  'coding-of-stored-gzip': {
    'filesystem layer verification failed for digest': ['20.10', '26.1', '28.5'],
    'failed size validation: 2048 != 116: failed precondition': ['28.5-containerd'],
  },
  'manifest-coding-unknown': {
    'unsupported Content-Encoding algorithm: rot13': ['28.5-containerd'],
  },
  'coding-unknown': {
    'failed to copy: httpReadSeeker: failed open: unsupported Content-Encoding algorithm: rot13': [
      '28.5-containerd',
    ],
  },
  'coding-chain': {
    'filesystem layer verification failed for digest': ['20.10', '26.1', '28.5'],
    'failed to copy: flate: corrupt input before offset 5': ['28.5-containerd'],
  },
  'coding-of-refusal': {
    "repository does not exist or may require 'docker login': denied: your address is not listed": [
      '20.10',
      '26.1',
      '28.5',
    ],
    'unexpected status from HEAD request to': ['28.5-containerd'],
  },
  'bearer-path-realm': {
    'Get "/token?scope=repository%3Aacme%2Fbearer-path-realm%3Apull&service=oracle": unsupported protocol scheme':
      ['20.10', '26.1', '28.5'],
    'failed to authorize: failed to fetch anonymous token: Get': ['28.5-containerd'],
  },
  'open-ping-guarded-image': {
    unauthorized: ['20.10', '26.1'],
    'Error: Cannot perform an interactive login from a non TTY device': ['28.5'],
  },
  refused: {
    "repository does not exist or may require 'docker login': denied: your address is not listed": [
      '20.10',
      '26.1',
      '28.5',
    ],
    'unexpected status from HEAD request to': ['28.5-containerd'],
  },
  'redirect-nowhere': {
    'filesystem layer verification failed for digest': ['20.10', '26.1', '28.5'],
    'unknown: failed to copy: httpReadSeeker: failed open: unexpected status from GET request to': [
      '28.5-containerd',
    ],
  },
  'redirect-loop': {
    'stopped after 10 redirects': ['20.10', '26.1', '28.5'],
    'failed to copy: httpReadSeeker: failed open: failed to do request: Get': ['28.5-containerd'],
  },
  'os-features': {
    'no matching manifest for linux/amd64 in the manifest list entries': ['28.5'],
    'no matching manifest for linux/amd64 in the manifest list entries: no match for platform in manifest: not':
      ['28.5-containerd'],
  },
  'platform-absent-alone': { 'no matching manifest for linux/amd64 in the manifest list entries': ['20.10'] },
  'platform-null-alone': { 'no matching manifest for linux/amd64 in the manifest list entries': ['20.10'] },
  'platform-empty-alone': {
    'no matching manifest for linux/amd64 in the manifest list entries': ['20.10'],
    'no matching manifest for linux/amd64 in the manifest list entries: no match for platform in manifest: not':
      ['28.5-containerd'],
  },
  'platform-absent-with-foreign': {
    'no matching manifest for linux/amd64 in the manifest list entries': ['20.10'],
  },
  'platform-absent-docker': {
    'no matching manifest for linux/amd64 in the manifest list entries': ['20.10'],
  },
  'platform-number': {
    'json: cannot unmarshal number into Go struct field PlatformSpec.manifests.platform.os of type string': [
      '20.10',
      '26.1',
    ],
    'json: cannot unmarshal number into Go struct field ManifestList.manifests.0.platform.os of type string':
      ['28.5'],
    'json: cannot unmarshal number into Go struct field Index.manifests.0.platform.os of type string': [
      '28.5-containerd',
    ],
  },
  'platform-text': {
    'json: cannot unmarshal string into Go struct field ManifestDescriptor.manifests.platform of type': [
      '20.10',
      '26.1',
    ],
    'json: cannot unmarshal string into Go struct field ManifestList.manifests.0.platform of type': ['28.5'],
    'json: cannot unmarshal string into Go struct field Index.manifests.0.platform of type v1.Platform': [
      '28.5-containerd',
    ],
  },
  'platform-foreign': {
    'no matching manifest for linux/amd64 in the manifest list entries': ['20.10', '26.1', '28.5'],
    'no matching manifest for linux/amd64 in the manifest list entries: no match for platform in manifest: not':
      ['28.5-containerd'],
  },
  'platform-windows': {
    'no matching manifest for linux/amd64 in the manifest list entries': ['20.10', '26.1', '28.5'],
    'no matching manifest for linux/amd64 in the manifest list entries: no match for platform in manifest: not':
      ['28.5-containerd'],
  },
  'entry-untyped': {
    'failed to copy: httpReadSeeker: failed open: could not fetch content descriptor': ['28.5-containerd'],
  },
  'entry-type-null': {
    'failed to copy: httpReadSeeker: failed open: could not fetch content descriptor': ['28.5-containerd'],
  },
  'entry-type-empty': {
    'failed to copy: httpReadSeeker: failed open: could not fetch content descriptor': ['28.5-containerd'],
  },
  'entry-type-unknown': {
    'failed to copy: httpReadSeeker: failed open: could not fetch content descriptor': ['28.5-containerd'],
  },
  'entry-type-chosen-unknown': {
    'failed to copy: httpReadSeeker: failed open: could not fetch content descriptor': ['28.5-containerd'],
  },
  'attestations-only': {
    'no matching manifest for linux/amd64 in the manifest list entries': ['20.10', '26.1', '28.5'],
    'no matching manifest for linux/amd64 in the manifest list entries: no match for platform in manifest: not':
      ['28.5-containerd'],
  },
  'entries-none': {
    'no matching manifest for linux/amd64 in the manifest list entries': ['20.10', '26.1', '28.5'],
    'no matching manifest for linux/amd64 in the manifest list entries: no match for platform in manifest: not':
      ['28.5-containerd'],
  },
  'entries-null': {
    'no matching manifest for linux/amd64 in the manifest list entries': ['20.10', '26.1', '28.5'],
    'no matching manifest for linux/amd64 in the manifest list entries: no match for platform in manifest: not':
      ['28.5-containerd'],
  },
  'entry-size-wrong': { 'failed size validation: 401 != 7: failed precondition': ['28.5-containerd'] },
  'entry-size-zero': { ') which reports content size of zero: invalid argument': ['28.5-containerd'] },
  'entry-size-absent': { ') which reports content size of zero: invalid argument': ['28.5-containerd'] },
  'entry-size-negative': { 'failed size validation: 401 != -1: failed precondition': ['28.5-containerd'] },
  'entry-size-text': {
    'json: cannot unmarshal string into Go struct field ManifestDescriptor.manifests.size of type int64': [
      '20.10',
    ],
    'json: cannot unmarshal string into Go struct field ManifestDescriptor.manifests.Descriptor.size of type int64':
      ['26.1'],
    'json: cannot unmarshal string into Go struct field ManifestList.manifests.0.size of type int64': [
      '28.5',
    ],
    'json: cannot unmarshal string into Go struct field Index.manifests.0.size of type int64': [
      '28.5-containerd',
    ],
  },
  'entry-urls': {
    'failed to copy: httpReadSeeker: failed open: failed to do request: Get': ['28.5-containerd'],
  },
  'entry-lost': {
    'manifest unknown': ['20.10', '26.1', '28.5'],
    'failed to copy: httpReadSeeker: failed open: content at': ['28.5-containerd'],
  },
  'entry-other-bytes': {
    'manifest verification failed for digest': ['20.10', '26.1', '28.5'],
    'commit failed: unexpected commit digest': ['28.5-containerd'],
  },
  'entry-sha512': { 'commit failed: unexpected commit digest': ['28.5-containerd'] },
  'index-of-cache': {
    'no matching manifest for linux/amd64 in the manifest list entries': ['20.10'],
    'manifest unknown': ['26.1', '28.5'],
    'failed to unpack image on snapshotter overlayfs: unexpected media type': ['28.5-containerd'],
  },
  'config-untyped': {
    'failed to unpack image on snapshotter overlayfs: apply layer error for': ['28.5-containerd'],
  },
  'config-type-empty': {
    'failed to unpack image on snapshotter overlayfs: apply layer error for': ['28.5-containerd'],
  },
  'config-type-null': {
    'failed to unpack image on snapshotter overlayfs: apply layer error for': ['28.5-containerd'],
  },
  'config-type-octets': {
    'failed to unpack image on snapshotter overlayfs: apply layer error for': ['28.5-containerd'],
  },
  'config-type-json': {
    'failed to unpack image on snapshotter overlayfs: apply layer error for': ['28.5-containerd'],
  },
  'config-type-html': {
    'failed to unpack image on snapshotter overlayfs: apply layer error for': ['28.5-containerd'],
  },
  'config-type-text': {
    'unsupported media type text/plain': ['20.10', '26.1', '28.5'],
    'failed to unpack image on snapshotter overlayfs: apply layer error for': ['28.5-containerd'],
  },
  'config-type-unknown': {
    'unsupported media type application/vnd.example+json': ['20.10', '26.1', '28.5'],
    'failed to unpack image on snapshotter overlayfs: apply layer error for': ['28.5-containerd'],
  },
  'config-type-charset': {
    'failed to unpack image on snapshotter overlayfs: apply layer error for': ['28.5-containerd'],
  },
  'config-untyped-docker': {
    'failed to unpack image on snapshotter overlayfs: apply layer error for': ['28.5-containerd'],
  },
  'config-size-wrong': { 'failed size validation: 342 != 7: failed precondition': ['28.5-containerd'] },
  'config-size-zero': { ') which reports content size of zero: invalid argument': ['28.5-containerd'] },
  'config-size-absent': { ') which reports content size of zero: invalid argument': ['28.5-containerd'] },
  'config-size-large': {
    'short read: expected 1000000000 bytes but got 342: unexpected EOF': ['28.5-containerd'],
  },
  'config-size-float': {
    'json: cannot unmarshal number 7.5 into Go struct field Descriptor.config.size of type int64': [
      '20.10',
      '26.1',
    ],
    'json: cannot unmarshal number 7.5 into Go struct field Manifest.config.size of type int64': [
      '28.5',
      '28.5-containerd',
    ],
  },
  'config-lost': {
    'error pulling image configuration: download failed after attempts=1: unknown blob': [
      '20.10',
      '26.1',
      '28.5',
    ],
    'failed to copy: httpReadSeeker: failed open: could not fetch content descriptor': ['28.5-containerd'],
  },
  'config-digest-rubbish': {
    'unexpected EOF': ['20.10', '26.1', '28.5'],
    'failed to copy: httpReadSeeker: failed open: could not fetch content descriptor latest': [
      '28.5-containerd',
    ],
  },
  'config-digest-absent': {
    'unexpected EOF': ['20.10', '26.1', '28.5'],
    'failed to copy: httpReadSeeker: failed open: could not fetch content descriptor': ['28.5-containerd'],
  },
  'config-absent': {
    'unexpected EOF': ['20.10', '26.1', '28.5'],
    'unable to fetch descriptor () which reports content size of zero: invalid argument': ['28.5-containerd'],
  },
  'config-null': {
    'unexpected EOF': ['20.10', '26.1', '28.5'],
    'unable to fetch descriptor () which reports content size of zero: invalid argument': ['28.5-containerd'],
  },
  'config-windows': {
    'image operating system "windows" cannot be used on this platform': ['20.10'],
    'image operating system "windows" cannot be used on this platform: operating system is not supported': [
      '26.1',
      '28.5',
    ],
  },
  'config-without-rootfs': {
    'invalid rootfs in image configuration': ['20.10', '26.1', '28.5'],
    "number of layers and diffIDs don't match: 1 != 0": ['28.5-containerd'],
  },
  'config-rootfs-null': {
    'invalid rootfs in image configuration': ['20.10', '26.1', '28.5'],
    "number of layers and diffIDs don't match: 1 != 0": ['28.5-containerd'],
  },
  'config-fewer-ids': {
    "layers from manifest don't match image configuration": ['20.10', '26.1', '28.5'],
    "number of layers and diffIDs don't match: 1 != 0": ['28.5-containerd'],
  },
  'config-more-ids': {
    "layers from manifest don't match image configuration": ['20.10', '26.1', '28.5'],
    "number of layers and diffIDs don't match: 1 != 2": ['28.5-containerd'],
  },
  'config-other-ids': {
    "layers from manifest don't match image configuration": ['20.10', '26.1', '28.5'],
    'wrong diff id calculated on extraction': ['28.5-containerd'],
  },
  'config-history-long': { 'too many non-empty layers in History section': ['20.10', '26.1', '28.5'] },
  'config-created-rubbish': {
    'parsing time "\\"yesterday\\"" as "\\"2006-01-02T15:04:05Z07:00\\"": cannot parse "yesterday\\"" as "2006':
      ['20.10'],
    'parsing time "yesterday" as "2006-01-02T15:04:05Z07:00": cannot parse "yesterday" as "2006': [
      '26.1',
      '28.5',
    ],
  },
  'config-empty': {
    'invalid rootfs in image configuration': ['20.10', '26.1', '28.5'],
    "number of layers and diffIDs don't match: 1 != 0": ['28.5-containerd'],
  },
  'config-array': {
    'json: cannot unmarshal array into Go value of type image.Image': ['20.10', '26.1', '28.5'],
    'unmarshal image config: json: cannot unmarshal array into Go value of type unpack.unpackConfig': [
      '28.5-containerd',
    ],
  },
  'config-text': {
    "invalid character 'o' in literal null (expecting 'u')": ['20.10', '26.1', '28.5'],
    "unmarshal image config: invalid character 'o' in literal null (expecting 'u')": ['28.5-containerd'],
  },
  'config-nothing': {
    'unexpected end of JSON input': ['20.10', '26.1', '28.5'],
    ') which reports content size of zero: invalid argument': ['28.5-containerd'],
  },
  'config-bom': {
    "invalid character '\u00ef' looking for beginning of value": ['20.10', '26.1'],
    "invalid character '\\ufeff' looking for beginning of value": ['28.5'],
    "unmarshal image config: invalid character '\\ufeff' looking for beginning of value": ['28.5-containerd'],
  },
  'manifest-5-mib': { 'rejecting 5243308 byte manifest for': ['28.5-containerd'] },
  'config-other-bytes': {
    'error pulling image configuration: image config verification failed for digest': [
      '20.10',
      '26.1',
      '28.5',
    ],
    'commit failed: unexpected commit digest': ['28.5-containerd'],
  },
  'config-sha512': { 'commit failed: unexpected commit digest': ['28.5-containerd'] },
  'layer-zstd': {
    'failed to register layer: Error processing tar file(exit status 1): unexpected EOF': ['20.10'],
  },
  'layer-zstd-docker': {
    'failed to register layer: Error processing tar file(exit status 1): unexpected EOF': ['20.10'],
  },
  'layer-zstd-mixed': {
    'failed to register layer: Error processing tar file(exit status 1): unexpected EOF': ['20.10'],
  },
  'layer-zstd-large': {
    'failed to register layer: Error processing tar file(exit status 1): unexpected EOF': ['20.10'],
  },
  'layer-zstd-as-gzip': {
    'failed to register layer: Error processing tar file(exit status 1): unexpected EOF': ['20.10'],
  },
  'layer-gzip-as-tar': {
    'mount callback failed on ': ['28.5-containerd'],
  },
  'layer-zlib': {
    'failed to register layer: Error processing tar file(exit status 1): unexpected EOF': ['20.10'],
    'failed to register layer: unexpected EOF': ['26.1', '28.5'],
    'mount callback failed on ': ['28.5-containerd'],
  },
  'layer-unknown-type': {
    'unsupported media type application/vnd.example.layer': ['20.10', '26.1', '28.5'],
    'failed to unpack image on snapshotter overlayfs: mismatched image rootfs and manifest layers': [
      '28.5-containerd',
    ],
  },
  'layer-octets': {
    'failed to unpack image on snapshotter overlayfs: mismatched image rootfs and manifest layers': [
      '28.5-containerd',
    ],
  },
  'layer-untyped': {
    'failed to unpack image on snapshotter overlayfs: mismatched image rootfs and manifest layers': [
      '28.5-containerd',
    ],
  },
  'layer-type-empty': {
    'failed to unpack image on snapshotter overlayfs: mismatched image rootfs and manifest layers': [
      '28.5-containerd',
    ],
  },
  'layer-type-null': {
    'failed to unpack image on snapshotter overlayfs: mismatched image rootfs and manifest layers': [
      '28.5-containerd',
    ],
  },
  'layer-nondistributable-urls': {
    'failed to copy: httpReadSeeker: failed open: failed to do request: Get': ['28.5-containerd'],
  },
  'layer-foreign-urls': {
    'failed to copy: httpReadSeeker: failed open: failed to do request: Get': ['28.5-containerd'],
  },
  'layer-urls': {
    'failed to copy: httpReadSeeker: failed open: failed to do request: Get': ['28.5-containerd'],
  },
  'layer-zeros-behind': {
    'failed to register layer: Error processing tar file(gzip: invalid header)': ['20.10'],
    'failed to extract layer (application/vnd.oci.image.layer.v1.tar+gzip': ['28.5-containerd'],
  },
  'layer-rubbish-behind': {
    'failed to register layer: Error processing tar file(unexpected EOF)': ['20.10'],
    'failed to extract layer (application/vnd.oci.image.layer.v1.tar+gzip': ['28.5-containerd'],
  },
  'layer-tar-cut': {
    'failed to register layer: Error processing tar file(exit status 1): unexpected EOF': ['20.10'],
    'failed to register layer: unexpected EOF': ['26.1', '28.5'],
    'mount callback failed on ': ['28.5-containerd'],
  },
  'layer-gzip-cut': {
    'failed to register layer: Error processing tar file(unexpected EOF)': ['20.10'],
    'failed to register layer: unexpected EOF': ['26.1', '28.5'],
    'mount callback failed on ': ['28.5-containerd'],
  },
  'layer-no-bytes': { ') which reports content size of zero: invalid argument': ['28.5-containerd'] },
  'layers-130': { 'failed to register layer: max depth exceeded': ['20.10', '26.1', '28.5'] },
  'layer-large-uid': {
    'failed to register layer: Error processing tar file(exit status 1): Container ID 70000 cannot be mapped to a':
      ['20.10'],
    'failed to register layer: Container ID 70000 cannot be mapped to a host ID': ['26.1'],
    'failed to register layer: container ID 70000 cannot be mapped to a host ID': ['28.5'],
  },
  'layer-breaks-out': {
    'failed to register layer: invalid entry name "../../layer-breaks-out.txt': ['28.5'],
  },
  'layer-link-out': {
    'failed to register layer: Error processing tar file(exit status 1): link /etc/passwd /layer-link-out.txt: no':
      ['20.10'],
    'failed to register layer: link /etc/passwd /layer-link-out.txt: no such file or directory': ['26.1'],
    'failed to register layer: invalid hardlink target "../../../etc/passwd': ['28.5'],
    'mount callback failed on ': ['28.5-containerd'],
  },
  'layer-not-tar': {
    'failed to register layer: Error processing tar file(exit status 1): archive/tar: invalid tar header': [
      '20.10',
    ],
    'failed to register layer: archive/tar: invalid tar header': ['26.1', '28.5'],
    'mount callback failed on ': ['28.5-containerd'],
  },
  'layers-null-of-one': {
    "layers from manifest don't match image configuration": ['20.10', '26.1', '28.5'],
    'failed to unpack image on snapshotter overlayfs: mismatched image rootfs and manifest layers': [
      '28.5-containerd',
    ],
  },
  'layer-null': {
    'could not validate layer digest "": invalid checksum digest format': ['20.10', '26.1', '28.5'],
    'unable to fetch descriptor () which reports content size of zero: invalid argument': ['28.5-containerd'],
  },
  'layer-size-wrong': { 'failed size validation: 111 != 7: failed precondition': ['28.5-containerd'] },
  'layer-size-zero': { ') which reports content size of zero: invalid argument': ['28.5-containerd'] },
  'layer-size-absent': { ') which reports content size of zero: invalid argument': ['28.5-containerd'] },
  'layer-size-negative': { 'failed size validation: 112 != -1: failed precondition': ['28.5-containerd'] },
  'layer-lost': {
    'unknown blob': ['20.10', '26.1', '28.5'],
    'failed to copy: httpReadSeeker: failed open: could not fetch content descriptor': ['28.5-containerd'],
  },
  'layer-digest-rubbish': {
    'could not validate layer digest "latest": invalid checksum digest format': ['20.10', '26.1', '28.5'],
    'failed to copy: httpReadSeeker: failed open: could not fetch content descriptor latest': [
      '28.5-containerd',
    ],
  },
  'layer-digest-absent': {
    'could not validate layer digest "": invalid checksum digest format': ['20.10', '26.1', '28.5'],
    'failed to copy: httpReadSeeker: failed open: could not fetch content descriptor': ['28.5-containerd'],
  },
  'layer-other-bytes': {
    'filesystem layer verification failed for digest': ['20.10', '26.1', '28.5'],
    'commit failed: unexpected commit digest': ['28.5-containerd'],
  },
  'layer-other-layer': {
    'filesystem layer verification failed for digest': ['20.10', '26.1', '28.5'],
    'short read: expected 109 bytes but got 100: unexpected EOF': ['28.5-containerd'],
  },
  'layer-broken-off': {
    'expected HTTP 206 from byte range request': ['20.10'],
    'unexpected EOF': ['26.1', '28.5'],
    'short read: expected 111 bytes but got 50: unexpected EOF': ['28.5-containerd'],
  },
  'layer-404-html': {
    'unknown blob': ['20.10', '26.1', '28.5'],
    'failed to copy: httpReadSeeker: failed open: could not fetch content descriptor': ['28.5-containerd'],
  },
  'layer-200-html': {
    'filesystem layer verification failed for digest': ['20.10', '26.1', '28.5'],
    'short read: expected 108 bytes but got 20: unexpected EOF': ['28.5-containerd'],
  },
  'layer-403': {
    "error parsing HTTP 403 response body: invalid character '<' looking for beginning of value:": ['20.10'],
    "repository does not exist or may require 'docker login': denied: <Error><Code>AccessDenied</Code></Error>":
      ['26.1', '28.5'],
    'unknown: failed to copy: httpReadSeeker: failed open: unexpected status from GET request to': [
      '28.5-containerd',
    ],
  },
  'layer-500': {
    'received unexpected HTTP status: 500 Internal Server Error': ['20.10', '26.1', '28.5'],
    'unknown: failed to copy: httpReadSeeker: failed open: unexpected status from GET request to': [
      '28.5-containerd',
    ],
  },
  'layer-longer': {
    'filesystem layer verification failed for digest': ['20.10', '26.1', '28.5'],
    'failed size validation: 109 != 105: failed precondition': ['28.5-containerd'],
  },
  'layer-sha512': { 'commit failed: unexpected commit digest': ['28.5-containerd'] },
  'schema1-signed': {
    '[DEPRECATION NOTICE] Docker Image Format v1 and Docker Image manifest version 2, schema 1 support is disabled':
      ['26.1'],
    'Docker Image Format v1 and Docker Image manifest version 2, schema 1 support has been removed. Suggest the':
      ['28.5'],
    'not implemented: media type "application/vnd.docker.distribution.manifest.v1+prettyjws" is no longer': [
      '28.5-containerd',
    ],
  },
  'schema1-signed-body': {
    '[DEPRECATION NOTICE] Docker Image Format v1 and Docker Image manifest version 2, schema 1 support is disabled':
      ['26.1'],
    'Docker Image Format v1 and Docker Image manifest version 2, schema 1 support has been removed. Suggest the':
      ['28.5'],
    'not implemented: media type "application/vnd.docker.distribution.manifest.v1+prettyjws" is no longer': [
      '28.5-containerd',
    ],
  },
  'schema1-signed-bare': {
    '[DEPRECATION NOTICE] Docker Image Format v1 and Docker Image manifest version 2, schema 1 support is disabled':
      ['26.1'],
    'Docker Image Format v1 and Docker Image manifest version 2, schema 1 support has been removed. Suggest the':
      ['28.5'],
    'not implemented: media type "application/vnd.docker.distribution.manifest.v1+prettyjws" is no longer': [
      '28.5-containerd',
    ],
  },
  'schema1-unsigned': {
    'missing signature key': ['20.10', '26.1', '28.5'],
    'failed to copy: httpReadSeeker: failed open: could not fetch content descriptor': ['28.5-containerd'],
  },
  'schema1-by-digest': {
    '[DEPRECATION NOTICE] Docker Image Format v1 and Docker Image manifest version 2, schema 1 support is disabled':
      ['26.1'],
    'Docker Image Format v1 and Docker Image manifest version 2, schema 1 support has been removed. Suggest the':
      ['28.5'],
    'not implemented: media type "application/vnd.docker.distribution.manifest.v1+prettyjws" is no longer': [
      '28.5-containerd',
    ],
  },
  'json-bom': {
    "invalid character '\u00ef' looking for beginning of value": ['20.10', '26.1'],
    "invalid character '\\ufeff' looking for beginning of value": ['28.5', '28.5-containerd'],
  },
  'json-behind': { "invalid character '{' after top-level value": 'all' },
  'json-zero-behind': { "invalid character '\\x00' after top-level value": 'all' },
  'json-layers-twice-wrong': {
    "layers from manifest don't match image configuration": ['20.10', '26.1', '28.5'],
    'failed to unpack image on snapshotter overlayfs: mismatched image rootfs and manifest layers': [
      '28.5-containerd',
    ],
  },
  'json-media-type-twice': {
    "if present, mediaType in manifest should be 'application/vnd.oci.image.manifest.v1+json' not": [
      '20.10',
      '26.1',
      '28.5',
    ],
    'media-type: expected manifest but found index (application/vnd.oci.image.manifest.v1+json)': [
      '28.5-containerd',
    ],
  },
  'json-size-huge': {
    'json: cannot unmarshal number 1180591620717411303424 into Go struct field Descriptor.config.size of type':
      ['20.10', '26.1'],
    'json: cannot unmarshal number 1180591620717411303424 into Go struct field Manifest.config.size of type int64':
      ['28.5', '28.5-containerd'],
  },
  'json-comment': { "invalid character '/' looking for beginning of value": 'all' },
  'json-not': { "invalid character 'h' in literal true (expecting 'r')": 'all' },
  'json-null': {
    'unexpected EOF': ['20.10', '26.1', '28.5'],
    'unable to fetch descriptor () which reports content size of zero: invalid argument': ['28.5-containerd'],
  },
  'json-array': {
    'json: cannot unmarshal array into Go value of type ocischema.unknownDocument': ['20.10', '26.1', '28.5'],
    'json: cannot unmarshal array into Go value of type images.unknownDocument': ['28.5-containerd'],
  },
  'json-empty': {
    'unexpected EOF': ['20.10', '26.1', '28.5'],
    'unable to fetch descriptor () which reports content size of zero: invalid argument': ['28.5-containerd'],
  },
  'json-html': { "invalid character '<' looking for beginning of value": 'all' },
  'json-yaml': { "invalid character 's' looking for beginning of value": 'all' },
  'json-index-bom': {
    "invalid character '\u00ef' looking for beginning of value": ['20.10', '26.1'],
    "invalid character '\\ufeff' looking for beginning of value": ['28.5', '28.5-containerd'],
  },
  'sha512-by-reference': { 'commit failed: unexpected commit digest': ['28.5-containerd'] },
  'tag-unknown': {
    'manifest unknown': ['20.10', '26.1', '28.5'],
    'failed to resolve reference': ['28.5-containerd'],
  },
  'artifact-chart': {
    'unsupported media type application/vnd.cncf.helm.config.v1+json': ['20.10', '26.1', '28.5'],
  },
  'artifact-signature': {
    'unsupported media type application/vnd.dev.cosign.simplesigning.v1+json': ['20.10', '26.1', '28.5'],
    'failed to unpack image on snapshotter overlayfs: mismatched image rootfs and manifest layers': [
      '28.5-containerd',
    ],
  },
  'artifact-attestation': {
    'unsupported media type application/vnd.in-toto+json': ['20.10', '26.1', '28.5'],
    'failed to unpack image on snapshotter overlayfs: mismatched image rootfs and manifest layers': [
      '28.5-containerd',
    ],
  },
  'artifact-empty-config': {
    'unsupported media type application/vnd.oci.empty.v1+json': ['20.10', '26.1', '28.5'],
  },
  'artifact-of-oras': {
    'unsupported media type application/vnd.unknown.config.v1+json': ['20.10', '26.1', '28.5'],
  },
  'artifact-wasm': {
    'unsupported media type application/vnd.wasm.config.v0+json': ['20.10', '26.1', '28.5'],
    'failed to unpack image on snapshotter overlayfs: mismatched image rootfs and manifest layers': [
      '28.5-containerd',
    ],
  },
  'artifact-plugin': {
    'Encountered remote "application/vnd.docker.plugin.v1+json"(plugin) when fetching': [
      '20.10',
      '26.1',
      '28.5',
    ],
    'failed to unpack image on snapshotter overlayfs: apply layer error for': ['28.5-containerd'],
  },
  'artifact-singularity': {
    'unsupported media type application/vnd.sylabs.sif.config.v1+json': ['20.10', '26.1', '28.5'],
  },
  'artifact-model': {
    'invalid rootfs in image configuration': ['20.10', '26.1'],
    'AI models are not yet supported by the Engine, please use "docker model pull/run" instead': ['28.5'],
  },
  'artifact-manifest': {
    'missing signature key': ['20.10', '26.1', '28.5'],
    'failed to copy: httpReadSeeker: failed open: could not fetch content descriptor': ['28.5-containerd'],
  },
}
