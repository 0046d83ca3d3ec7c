import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'

export interface Certificate {
  key: string
  cert: string
}

export interface Certificates {
  /** Of the authority, to be trusted. */
  ca: string
  /** For 127.0.0.1, localhost and `names`. */
  good: Certificate
  wrongHost: Certificate
  expired: Certificate
  /** Signed by nobody that is trusted. */
  selfSigned: Certificate
}

/** Makes an authority and certificates of every kind with openssl. */
export const makeCertificates = async (names: readonly string[] = []): Promise<Certificates> => {
  const folder = await mkdtemp(join(tmpdir(), 'certificates-'))
  const openssl = (...args: string[]) => execa('openssl', args, { cwd: folder })
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  const read = async (name: string): Promise<Certificate> => ({
    key: await readFile(join(folder, `${name}.key`), 'utf8'),
    cert: await readFile(join(folder, `${name}.crt`), 'utf8'),
  })
  const root = (name: string) =>
    openssl(
      'req',
      '-x509',
      ...key,
      '-days',
      '2',
      '-subj',
      `/CN=${name}`,
      '-keyout',
      `${name}.key`,
      '-out',
      `${name}.crt`,
    )
  const sign = async (name: string, alternatives: string, days = '2') => {
    await openssl(
      'req',
      '-new',
      ...key,
      '-subj',
      `/CN=${name}`,
      '-keyout',
      `${name}.key`,
      '-out',
      `${name}.csr`,
    )
    await writeFile(join(folder, `${name}.ext`), `subjectAltName=${alternatives}\n`)
    const signer = ['-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial']
    await openssl(
      'x509',
      '-req',
      '-in',
      `${name}.csr`,
      ...signer,
      '-days',
      days,
      '-extfile',
      `${name}.ext`,
      '-out',
      `${name}.crt`,
    )
    return read(name)
  }
  try {
    await root('ca')
    await root('self')
    return {
      ca: (await read('ca')).cert,
      good: await sign(
        'good',
        ['IP:127.0.0.1', ...['localhost', ...names].map((name) => `DNS:${name}`)].join(),
      ),
      wrongHost: await sign('wrong', 'DNS:elsewhere.example.com'),
      expired: await sign('expired', 'IP:127.0.0.1', '-1'),
      selfSigned: await read('self'),
    }
  } finally {
    await rm(folder, { recursive: true })
  }
}
