import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo, LookupFunction } from 'node:net';
import { promisify } from 'node:util';
import { PermissionError } from 'boxlite/backend';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { tarArchive, tarEntry } from '../../tar/writer.ts';
import { imageHome } from '../../testing/image-home.ts';
import { startRegistry, type TestRegistry } from '../../testing/registry.ts';
import { pushImage, testImage } from '../../testing/test-image.ts';
import { isPublicAddress } from './public-address.ts';
import { registryReach } from './reach.ts';

let registry: TestRegistry;
const image = testImage([tarArchive([tarEntry({ path: 'a' }, Buffer.from('one'))])]);
beforeAll(async () => {
  registry = await startRegistry();
  await pushImage(registry, 'team/app', image, 'v1');
});
afterAll(() => registry[Symbol.asyncDispose]());

/** A server that sends every request to another place, or asks for a token from there. */
async function leading(to: string, how: 'redirect' | 'token'): Promise<string> {
  const server = createServer(({ url }, response) => {
    if (how === 'redirect') response.writeHead(307, { location: `${to}${url}` }).end();
    else response.writeHead(401, { 'www-authenticate': `Bearer realm="${to}/token",service="s"` }).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test.each([
  ...[
    '127.0.0.1',
    '0.0.0.0',
    '10.1.2.3',
    '172.31.0.1',
    '192.168.1.1',
    '169.254.169.254',
    '100.64.0.1',
    '255.255.255.255',
  ],
  ...['198.18.0.1', '224.0.0.1', '168.63.129.16', '::', '::1', '::ffff:127.0.0.1', '::ffff:10.0.0.1', '::ffff:8.8.8.8'],
  ...[
    'fe80::1',
    'fe80::1%eth0',
    'fd00:ec2::254',
    'fc00::1',
    'ff02::1',
    '64:ff9b::7f00:1',
    '2002:7f00:1::',
    '2001:db8::1',
  ],
  ...['', 'localhost', '127.1'],
])('%s is no public address', (address) => {
  expect(isPublicAddress(address)).toBe(false);
});

test.each(['8.8.8.8', '1.1.1.1', '172.32.0.1', '192.169.0.1', '2606:4700::1111', '2a00:1450::1'])(
  '%s is',
  (address) => {
    expect(isPublicAddress(address)).toBe(true);
  },
);

describe('pulls for others than the operator', () => {
  const forOthers = { registryPolicy: { addresses: 'public' } } as const;

  test('a registry at an address that is not public is refused, by number or by name, with the rule and the remedy', async () => {
    const port = registry.host.split(':')[1];
    await using home = await imageHome(forOthers);
    for (const host of [registry.host, `localhost:${port}`, `[::1]:${port}`, '169.254.169.254', '10.0.0.1:5000']) {
      const pulled = home.store.pull(`${host}/team/app:v1`);
      await expect(pulled).rejects.toBeInstanceOf(PermissionError);
      await expect(pulled).rejects.toThrow(/is refused: it is not at a public address; the operator can allow it by/);
    }
  });

  test('one that the operator configured, named or has as a mirror may be anywhere', async () => {
    const configured = { host: registry.host, transport: 'http' } as const;
    await using home = await imageHome({ ...forOthers, registries: [configured] });
    expect((await home.store.pull(`${registry.host}/team/app:v1`)).id).toBe(image.manifest.descriptor.digest);
    await home.reopen({ registryPolicy: { addresses: 'public', hosts: [registry.host] } });
    expect((await home.store.pull(`${registry.host}/team/app:v1`)).id).toBe(image.manifest.descriptor.digest);
  });

  test.each(['redirect', 'token'] as const)('what it leads to by a %s may not', async (how) => {
    const host = await leading(`http://${registry.host}`, how);
    const configured = [{ host, transport: 'http' }] as const;
    await using home = await imageHome({ ...forOthers, registries: configured });
    await expect(home.store.pull(`${host}/team/app:v1`)).rejects.toThrow(
      `${registry.host}, to which registry ${host} leads, is refused`,
    );
    if (how === 'token') return;
    await home.reopen({ ...forOthers, registries: [...configured, { host: registry.host, transport: 'http' }] });
    expect((await home.store.pull(`${host}/team/app:v1`)).id).toBe(image.manifest.descriptor.digest);
  });

  test('with a list of registries any other is refused before it is looked up', async () => {
    await using home = await imageHome({ registryPolicy: { hosts: ['ghcr.io'] } });
    await expect(home.store.pull('docker.io/library/alpine')).rejects.toThrow(
      'registry registry-1.docker.io is refused: images come only from ghcr.io here',
    );
  });
});

describe('where a name leads', () => {
  /** A name server that gives one answer after another. */
  const answers = (...addresses: string[]): { readonly asked: string[]; readonly resolve: LookupFunction } => {
    const asked: string[] = [];
    const resolve: LookupFunction = (name, { all }, callback) => {
      asked.push(name);
      const address = addresses.shift() ?? '127.0.0.1';
      if (all) callback(null, [{ address, family: 4 }]);
      else callback(null, address, 4);
    };
    return { asked, resolve };
  };
  const url = new URL('https://evil.example/v2/');
  const hop = { url, registry: 'evil.example' };
  const connected = (lookup: LookupFunction): Promise<string> =>
    promisify((done: (error: Error | null, address: string) => void) =>
      lookup('evil.example', {}, (error, found) => done(error, String(found))),
    )();

  test('the address that was checked is the one that is connected to: a name that means another a moment later is no help', async () => {
    const { asked, resolve } = answers('8.8.8.8', '127.0.0.1');
    const reach = registryReach([], { addresses: 'public' }, resolve);
    expect(await connected(reach.lookup(hop))).toBe('8.8.8.8');
    expect(asked).toEqual(['evil.example']);
    await expect(connected(reach.lookup(hop))).rejects.toBeInstanceOf(PermissionError);
  });

  test('a public registry leads nobody to an address that is not, also not who asks on his own machine', async () => {
    const metadata = { url: new URL('http://169.254.169.254/latest'), registry: 'evil.example' };
    const reach = registryReach([], {}, answers('127.0.0.1').resolve);
    expect(() => reach.lookup({ ...metadata, ledByPublic: true })).toThrow(PermissionError);
    await expect(connected(reach.lookup({ ...hop, registry: 'other.example', ledByPublic: true }))).rejects.toThrow();
    // It was public before: it does not become this machine.
    await expect(connected(reach.lookup({ ...hop, ledByPublic: true }))).rejects.toThrow();
    // One on this machine may.
    expect(await connected(reach.lookup({ ...hop, registry: 'other.example', ledByPublic: false }))).toBe('127.0.0.1');
  });
});
