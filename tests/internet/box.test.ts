import { join } from 'node:path';
import process from 'node:process';
import type { NetworkEvent } from 'boxlite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Internet, openInternet } from '../../packages/runtime/src/network/internet.fixture.ts';

let internet: Internet;
let homes = 0;
beforeAll(async () => {
  internet = await openInternet();
});
afterAll(() => internet.close());

interface Visit {
  readonly seen: readonly string[];
  readonly refused: readonly Pick<NetworkEvent, 'protocol' | 'address' | 'name' | 'reason' | 'remedy'>[];
}

/** What a box of `Boxlite.local()` sees whose host is on that internet, resolvers and all. */
async function visit(engine: string, network: unknown, ...commands: readonly string[]): Promise<Visit> {
  const program = join(import.meta.dirname, 'visitor.ts');
  const script = 'mount --bind "$1" /etc/resolv.conf; shift; exec "$@"';
  const home = `${internet.folder}/home${homes++}`;
  const argv = [process.execPath, program, home, engine, JSON.stringify(network), ...commands];
  const shell = ['unshare', '--mount', '--propagation', 'private', 'sh', '-ec', script, 'sh', internet.resolvConf];
  return JSON.parse(await internet.onHost(...shell, ...argv));
}

describe.each(['runc', 'runsc'])('on %s', (engine) => {
  test('a box resolves names and reaches the public internet, with wget as it is in its image', async () => {
    const { seen, refused } = await visit(
      engine,
      'isolated',
      'wget -q -O - http://example.com/',
      'wget -q -O - http://93.184.216.34/',
      'wget -q -T 5 -O - http://93.184.216.34:8080/',
      'wget -qT 5 -O - http://www.example.com/',
      'wget -q -O - http://alias.org/',
      'wget -q -O - http://nowhere.org/',
      'wget -q -T 5 -O - http://10.9.9.9/',
      'wget -q -O - http://rebind.org/',
      'nc -w 5 93.184.216.35 25 </dev/null',
    );
    expect(seen).toEqual([
      ...['yes', 'yes', 'yes', 'yes', 'yes'],
      ...['failed with 1', 'failed with 1', 'failed with 1'],
      '220 hello',
    ]);
    expect(refused).toContainEqual(
      expect.objectContaining({
        protocol: 'tcp',
        address: '10.9.9.9',
        reason: expect.stringContaining('a private address'),
      }),
    );
    expect(refused).toContainEqual(expect.objectContaining({ protocol: 'dns', name: 'rebind.org' }));
  });

  test('a box with a list reaches what it names, and is told what else it would take', async () => {
    const { seen, refused } = await visit(
      engine,
      { allow: ['example.com:80'] },
      'wget -q -O - http://example.com/',
      'wget -q -O - http://other.org/',
      "wget -q -O - --header 'Host: other.org' http://example.com/",
      'wget -q -T 5 -O - http://93.184.216.35/',
    );
    expect(seen).toEqual(['yes', 'failed with 1', 'failed with 1', 'failed with 1']);
    const remedies = refused.map(({ protocol, remedy }) => `${protocol}: ${remedy}`);
    expect(remedies).toContainEqual(expect.stringMatching(/^dns: .*"other\.org/));
    expect(remedies).toContainEqual(expect.stringMatching(/^tcp: .*"other\.org:80"/));
    expect(remedies).toContainEqual(expect.stringMatching(/^tcp: .*"93\.184\.216\.35/));
  });
});
