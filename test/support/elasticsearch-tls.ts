// A CA and a certificate of a server on the loopback address, made by openssl.
import { spawnSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Certificates } from './elasticsearch';

/** Writes ca.pem, ca.key, server.pem and server.key into the folder. */
export function makeCertificates(folder: string, days = 2): Certificates {
  const file = (name: string): string => join(folder, name);
  writeFileSync(file('san'), 'subjectAltName=IP:127.0.0.1,DNS:localhost\n');
  const key = ['-newkey', 'rsa:2048', '-nodes'];
  openssl([
    'req',
    '-x509',
    ...key,
    '-days',
    `${days}`,
    '-subj',
    '/CN=nvpulse test CA',
    '-keyout',
    file('ca.key'),
    '-out',
    file('ca.pem'),
  ]);
  openssl([
    'req',
    ...key,
    '-subj',
    '/CN=127.0.0.1',
    '-keyout',
    file('server.key'),
    '-out',
    file('server.csr'),
  ]);
  openssl([
    'x509',
    '-req',
    '-days',
    `${days}`,
    '-in',
    file('server.csr'),
    '-CA',
    file('ca.pem'),
    '-CAkey',
    file('ca.key'),
    '-CAcreateserial',
    '-extfile',
    file('san'),
    '-out',
    file('server.pem'),
  ]);
  // With the CA's: a client that knows only its fingerprint finds it there.
  appendFileSync(file('server.pem'), readFileSync(file('ca.pem')));
  const { fingerprint256 } = new X509Certificate(readFileSync(file('ca.pem')));
  return { ca: file('ca.pem'), fingerprint: fingerprint256 };
}

function openssl(args: readonly string[]): void {
  const { status, stderr, error } = spawnSync('openssl', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`openssl ${args[0]}: ${error?.message ?? stderr}`);
}
