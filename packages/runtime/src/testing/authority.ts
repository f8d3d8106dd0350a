import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A certificate authority of this test alone, and a certificate of 127.0.0.1 that it signed; all in PEM files. */
export interface TestAuthority extends AsyncDisposable {
  readonly caFile: string;
  readonly certFile: string;
  readonly keyFile: string;
  readonly cert: string;
  readonly key: string;
}

/** Makes an authority with openssl. */
export async function testAuthority(): Promise<TestAuthority> {
  const folder = await mkdtemp(join(tmpdir(), 'boxlite-ca-'));
  const at = (name: string): string => join(folder, name);
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
  await run('openssl', ['req', '-x509', ...curve, '-keyout', at('ca.key'), '-out', at('ca.pem'), '-subj', '/CN=ca']);
  await run('openssl', ['req', ...curve, '-keyout', at('key'), '-out', at('csr'), '-subj', '/CN=registry']);
  await writeFile(at('ext'), 'subjectAltName=IP:127.0.0.1\nkeyUsage=digitalSignature\n');
  const signing = ['-CA', at('ca.pem'), '-CAkey', at('ca.key'), '-CAcreateserial', '-days', '2', '-extfile', at('ext')];
  await run('openssl', ['x509', '-req', '-in', at('csr'), ...signing, '-out', at('cert')]);
  return {
    caFile: at('ca.pem'),
    certFile: at('cert'),
    keyFile: at('key'),
    cert: await readFile(at('cert'), 'utf8'),
    key: await readFile(at('key'), 'utf8'),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}
