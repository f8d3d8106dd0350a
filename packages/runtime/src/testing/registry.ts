import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { TestAuthority } from './authority.ts';
import type { TokenServer } from './token-server.ts';

/** A registry of this machine, for tests. */
export interface TestRegistry extends AsyncDisposable {
  /** `127.0.0.1:port`, over http. */
  readonly host: string;
  /** Where its store is. */
  readonly data: string;
  /** What a request needs; empty where the registry is open. */
  readonly headers: Readonly<Record<string, string>>;
}

/** The user of a registry that asks for one. */
export const testUser = { username: 'box', password: 's3cret' } as const;
// bcrypt of the password above: the registry takes no other kind.
const htpasswd = 'box:$2b$05$abcdefghijklmnopqrstuuLK7U1u6pVRmL7L1BBM2aS35PSZnDXlK\n';

export interface StartRegistryOptions {
  /** Asks for {@link testUser}. */
  readonly basicAuth?: boolean;
  /** Asks for tokens of a service. */
  readonly tokens?: { readonly server: TokenServer; readonly authority: TestAuthority };
  /** Serves what another one has. */
  readonly data?: string;
  /** Speaks https with the authority's certificate. */
  readonly tls?: TestAuthority;
}

/** Starts Debian's docker-registry with an empty store; disposing ends it and removes the store. */
export async function startRegistry(options: StartRegistryOptions = {}): Promise<TestRegistry> {
  const folder = await mkdtemp(join(tmpdir(), 'boxlite-registry-'));
  const host = `127.0.0.1:${await freePort()}`;
  await writeFile(join(folder, 'htpasswd'), htpasswd);
  const { tokens, tls, data = join(folder, 'data') } = options;
  const auth = {
    ...(options.basicAuth === true && { htpasswd: { realm: 'test', path: join(folder, 'htpasswd') } }),
    ...(tokens !== undefined && {
      token: {
        realm: tokens.server.realm,
        service: tokens.server.service,
        issuer: tokens.server.issuer,
        rootcertbundle: tokens.authority.caFile,
      },
    }),
  };
  const config = {
    version: 0.1,
    log: { level: 'error' },
    storage: { filesystem: { rootdirectory: data } },
    http: { addr: host, secret: 'test', ...(tls && { tls: { certificate: tls.certFile, key: tls.keyFile } }) },
    ...(Object.keys(auth).length > 0 && { auth }),
  };
  // JSON is YAML.
  await writeFile(join(folder, 'config.yml'), JSON.stringify(config));
  const registry = spawn('docker-registry', ['serve', join(folder, 'config.yml')], { stdio: 'ignore' });
  const dispose = async (): Promise<void> => {
    if (registry.exitCode === null && registry.signalCode === null && registry.pid !== undefined) {
      const gone = once(registry, 'exit');
      registry.kill('SIGKILL');
      await gone;
    }
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await answering(registry, host);
  } catch (error) {
    await dispose();
    throw error;
  }
  const credentials = Buffer.from(`${testUser.username}:${testUser.password}`).toString('base64');
  return {
    host,
    data,
    headers: options.basicAuth === true ? { authorization: `Basic ${credentials}` } : {},
    [Symbol.asyncDispose]: dispose,
  };
}

async function answering(registry: ChildProcess, host: string): Promise<void> {
  let failed: Error | undefined;
  registry.once('error', (error) => {
    failed = new Error('docker-registry cannot be started; apt-get install docker-registry', { cause: error });
  });
  for (const until = Date.now() + 20_000; Date.now() < until; ) {
    if (failed !== undefined) throw failed;
    if (registry.exitCode !== null) throw new Error(`docker-registry ended with ${registry.exitCode}`);
    const socket = connect(Number(host.split(':')[1]), '127.0.0.1');
    const answers = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (answers) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error('docker-registry did not answer within 20 s');
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
