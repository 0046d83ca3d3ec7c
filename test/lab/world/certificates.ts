import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import { cached } from '../cache.ts'

const DAYS = 3650

/** The folder of the laboratory's certificate authority, made once: `ca.crt`, `ca.key`. */
export const authority = (): Promise<string> =>
  cached('authority', async (temporary) => {
    const dir = join(temporary, 'authority')
    await mkdir(dir, { mode: 0o700 })
    await selfSigned(dir, 'ca', '/CN=Laboratory of Packages Pull')
    return dir
  })

/** Makes `<name>.key` and `<name>.crt`, which signs itself, in `dir`. */
export const selfSigned = (dir: string, name: string, subject: string) =>
  execa(
    'openssl',
    ['req', '-x509', ...key(name), '-days', `${DAYS}`, '-subj', subject, '-out', `${name}.crt`],
    { cwd: dir },
  )

/** Makes `<name>.key` and `<name>.crt`, signed by the authority, for servers of the names in `hosts`. */
export const serverCertificate = async (
  dir: string,
  name: string,
  hosts: readonly string[],
): Promise<void> => {
  const ca = await authority()
  const names = hosts.map((host) => `DNS:${host}`).join(',')
  await writeFile(join(dir, `${name}.ext`), `subjectAltName=${names}\nbasicConstraints=CA:FALSE\n`)
  await execa('openssl', ['req', ...key(name), '-subj', `/CN=${hosts[0]}`, '-out', `${name}.csr`], {
    cwd: dir,
  })
  const sign = ['x509', '-req', '-in', `${name}.csr`, '-CA', join(ca, 'ca.crt'), '-CAkey', join(ca, 'ca.key')]
  const validity = ['-CAcreateserial', '-CAserial', `${name}.srl`, '-days', `${DAYS}`]
  await execa('openssl', [...sign, ...validity, '-extfile', `${name}.ext`, '-out', `${name}.crt`], {
    cwd: dir,
  })
}

// The signing key of tokens is RSA, because RS256 is what the token server uses; the others go along.
const key = (name: string) => ['-newkey', 'rsa:2048', '-nodes', '-keyout', `${name}.key`]
